// Who is in the rooms, and who writes there.

const LISTED_MEMBERS = 100;  // above it the server tells counts alone
const TYPING_ENDS_MS = 8_000;
const ASK_AGAIN_MS = 1_000;

export class Crowd {
  #client;
  #emit;
  #roomOf;

  /** @param emit tells the views @param roomOf the open room of a name */
  constructor(client, emit, roomOf) {
    this.#client = client;
    this.#emit = emit;
    this.#roomOf = roomOf;
    client.on("presence", (frame) => this.#presence(frame));
    client.on("typing", (frame) => this.#typing(frame));
  }

  async ask(room) {
    try {
      const { members, count } = await this.#client.members(room.slug);
      room.members = new Map(members.map(({ session, user }) => [session, user]));
      room.count = count;
      room.listed = members.length >= count;
      this.#emit("people", { room });
    } catch {
      // Presence will tell of those who come and go; the rest after the next join.
    }
  }

  /** Asks for the list where presence told counts alone. */
  async refresh(room) {
    if (!room.listed && room.state === "open") await this.ask(room);
  }

  clearTyping(room) {
    if (room.typing.size === 0) return;
    room.typing.clear();
    this.#emit("typing", { room });
  }

  #presence({ room: slug, joined, left, count }) {
    const room = this.#roomOf(slug);
    if (!room) return;
    for (const { session, user } of joined) room.members.set(session, user);
    for (const { session, user } of left) {
      room.members.delete(session);
      room.typing.delete(user);
    }
    room.count = count;
    room.listed = room.members.size === count;
    this.#emit("people", { room });
    this.#emit("typing", { room });
    // Told counts alone, or something was lost on the way: the list is asked for anew, once things are quiet.
    if (!room.listed && count <= LISTED_MEMBERS) {
      clearTimeout(room.askTimer);
      room.askTimer = setTimeout(() => this.#roomOf(slug) === room && room.state === "open" && this.ask(room), ASK_AGAIN_MS);
    }
  }

  #typing({ room: slug, user, typing }) {
    const room = this.#roomOf(slug);
    if (!room) return;
    if (typing) {
      room.typing.set(user, Date.now() + TYPING_ENDS_MS);
      setTimeout(() => {
        if (room.typing.get(user) > Date.now()) return;
        if (room.typing.delete(user)) this.#emit("typing", { room });
      }, TYPING_ENDS_MS + 50);
    } else {
      room.typing.delete(user);
    }
    this.#emit("typing", { room });
  }
}
