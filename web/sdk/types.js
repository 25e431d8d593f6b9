// The shapes of what the SDK gives and takes, for editors and for `tsc`; nothing here runs.

/** @typedef {{ type: "message", room: string, seq: number, id: string, user: string, text: string, time: string }} Message */
/** @typedef {{ session: string, user: string }} Person */
/** Messages oldest first, without those that were deleted. `deleted` names the seqs whose deletion was in this part of the log;
 * `from` and `to` are the ends of that part, also where nothing of it is to be shown.
 * @typedef {{ messages: Message[], deleted: number[], from?: number, to?: number }} Part */
/** @typedef {Part & { room: string, more: boolean }} Page */
/** @typedef {{ room: string, members: Person[], count: number }} Members */
/** @typedef {Part & { room: string, epoch: string, recovered?: boolean, reason?: string, first: number, last: number,
 *   members?: number, title?: string, owner?: string, private?: boolean }} Joined */
/** @typedef {{ id: string, room: string, seq: number }} Ack */
/** `connecting` for the first time, `live`, `recovering` (back, or about to be, and catching up), `offline` (attempts fail; the
 * next is at `retryAt`), `closed` for good, with a reason.
 * @typedef {"connecting" | "live" | "recovering" | "offline" | "closed"} State */
/** A token and when it runs out. @typedef {{ token?: string, expires?: string }} Token */

/**
 * @typedef {object} Options
 * @property {string | URL} [url]      of the WebSocket; beside the page by default
 * @property {string | (() => string | Promise<string>)} [token]   a JWT, or who gives one; the cookie is used without
 * @property {() => string | Promise<string>} [ticket]  gives a one-use ticket for each connection
 * @property {() => Token | Promise<Token>} [refresh]   gives a token for longer, some time before the one in use runs out
 * @property {() => unknown} [renew]   called (and awaited) when the token may have run out, before the next attempt
 * @property {any} [WebSocket]         the class to use; the global one by default
 * @property {EventTarget} [network]   tells `online` and `offline`; the window by default
 */

/** @typedef {{ room: string, title?: string, members?: number, owner?: string, created?: string }} ListedRoom */
/** @typedef {ListedRoom & { private: boolean, epoch: string, retention_s: number | null, you_own: boolean }} RoomInfo */

export {};
