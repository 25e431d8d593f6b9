// The server's HTTP side: accounts, tickets, the list of rooms, the owner's tools.

import { RoomcastError } from "./errors.js";

/** @typedef {{ user: string, token: string, guest?: boolean, expires: string }} Entered */
/** @typedef {import("./types.js").RoomInfo} RoomInfo */

export class RoomcastApi {
  #base;
  #token;
  #fetch;

  /**
   * @param {{ url?: string | URL, token?: string | (() => string | undefined), fetch?: any }} [options]  `url`: of the server, the
   *   page's own by default; `token`: a JWT, or who gives one, in place of the cookie
   */
  constructor({ url, token, fetch } = {}) {
    this.#base = new URL(url ?? ".", typeof location === "undefined" ? undefined : location.href);
    this.#token = token;
    this.#fetch = fetch ?? ((/** @type {any} */ ...given) => globalThis.fetch(.../** @type {[any]} */ (given)));
  }

  /** @param {string} user @param {string} password */
  register(user, password) { return this.#ask("POST", "register", { user, password }); }

  /** @param {string} user @param {string} password @returns {Promise<Entered>} */
  login(user, password) { return this.#ask("POST", "login", { user, password }); }

  /** @param {string} nick @returns {Promise<Entered>} */
  guest(nick) { return this.#ask("POST", "guest", { nick }); }

  logout() { return this.#ask("POST", "logout"); }

  /** @returns {Promise<{ user: string, guest: boolean, expires: string }>} */
  me() { return this.#ask("GET", "me"); }

  /** A token for longer. @returns {Promise<Entered>} */
  refresh() { return this.#ask("POST", "refresh"); }

  /** For one connection, good for 30 s. @returns {Promise<string>} */
  async ticket() { return (await this.#ask("POST", "ticket")).ticket; }

  /** @param {string} password @param {string} newPassword @returns {Promise<Entered>} */
  changePassword(password, newPassword) { return this.#ask("POST", "me/password", { password, new_password: newPassword }); }

  /** @param {string} password */
  deleteAccount(password) { return this.#ask("DELETE", "me", { password }); }

  /** What the server allows, and its STUN and TURN servers. @returns {Promise<any>} */
  config() { return this.#ask("GET", "config"); }

  /** @param {{ after?: string, limit?: number, q?: string }} [where]
   * @returns {Promise<{ rooms: import("./types.js").ListedRoom[], more: boolean }>} */
  rooms(where = {}) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(where)) if (value !== undefined && value !== "") query.set(key, String(value));
    return this.#ask("GET", `rooms?${query}`);
  }

  /** @param {{ room: string, title?: string, password?: string, retention_s?: number }} room @returns {Promise<RoomInfo>} */
  createRoom(room) { return this.#ask("POST", "rooms", room); }

  /** @param {string} room @param {string} [password] @returns {Promise<RoomInfo>} */
  room(room, password) { return this.#ask("GET", at(room), undefined, password); }

  /** @param {string} room
   * @param {{ title?: string, password?: string | null, retention_s?: number | null, owner?: string }} change @returns {Promise<RoomInfo>} */
  changeRoom(room, change) { return this.#ask("PATCH", at(room), change); }

  /** @param {string} room */
  deleteRoom(room) { return this.#ask("DELETE", at(room)); }

  /** @param {string} room @param {string} user */
  kick(room, user) { return this.#ask("POST", at(room, "kick"), { user }); }

  /** @param {string} room @returns {Promise<string[]>} */
  async bans(room) { return (await this.#ask("GET", at(room, "bans"))).bans; }

  /** @param {string} room @param {string} user */
  ban(room, user) { return this.#ask("PUT", at(room, "bans", user)); }

  /** @param {string} room @param {string} user */
  unban(room, user) { return this.#ask("DELETE", at(room, "bans", user)); }

  /** @param {string} room @param {number} seq */
  deleteMessage(room, seq) { return this.#ask("DELETE", at(room, "messages", String(seq))); }

  /** @param {string} method @param {string} path @param {object} [body] @param {string} [password] @returns {Promise<any>} */
  async #ask(method, path, body, password) {
    const token = typeof this.#token === "function" ? this.#token() : this.#token;
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    if (password !== undefined) headers["X-Room-Password"] = password;
    let answer;
    try {
      answer = await this.#fetch(new URL(path, this.#base), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    } catch {
      throw new RoomcastError("unreachable", "the server cannot be reached");
    }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw RoomcastError.of(said.error ?? { code: "internal", message: `the server answered ${answer.status}` }, answer.status);
    return said;
  }
}

/** @param {string} room @param {...string} more */
function at(room, ...more) {
  return ["rooms", room, ...more].map(encodeURIComponent).join("/");
}
