// Pages of a room's log: before and after what is in view, at a time, at the end.

const PAGE = 50;

export class Pages {
  #client;
  #emit;

  /** @param emit tells the views, as `rooms.js` lists it */
  constructor(client, emit) {
    this.#client = client;
    this.#emit = emit;
  }

  /** The page before what is there. */
  async older(room) {
    if (room.loading || !room.more || room.from < 0 || room.state !== "open") return;
    room.loading = true;
    this.#emit("loading", { room });
    const { items, from } = room;
    try {
      const page = await this.#client.history(room.slug, { before: from, limit: PAGE });
      if (room.items !== items || room.from !== from) return;
      room.more = page.more && page.from !== undefined;
      room.from = page.from ?? from;
      items.unshift(...page.messages);
      this.#emit("older", { room, messages: page.messages });
    } catch {
      // The reader will ask again by scrolling, or by the button.
    } finally {
      room.loading = false;
      this.#emit("loading", { room });
    }
  }

  /** The page after what is there, where that does not reach to now. */
  async newer(room) {
    if (room.loading || room.live || room.state !== "open") return;
    room.loading = true;
    const { items, to } = room;
    try {
      const page = await this.#client.history(room.slug, { after: to, limit: PAGE });
      if (room.items !== items) return;
      const messages = page.more ? page.messages : room.withTail(page.messages, to);
      if (!page.more) room.live = true;
      room.to = Math.max(page.to ?? to, messages.at(-1)?.seq ?? to);
      items.push(...messages);
      this.#emit("newer", { room, messages });
    } catch {
      // As above.
    } finally {
      room.loading = false;
    }
  }

  /** Shows what was said from a time on; false where there is nothing that late. */
  async toTime(room, date) {
    const page = await this.#client.history(room.slug, { from_time: date.toISOString(), limit: PAGE });
    if (page.messages.length === 0) return false;
    this.#replace(room, page, { more: true, live: !page.more });
    return page.messages[0].seq;
  }

  /** Back to the newest messages. */
  async toEnd(room) {
    if (room.live) return;
    const page = await this.#client.history(room.slug, { limit: PAGE });
    this.#replace(room, page, { more: page.more, live: true });
  }

  #replace(room, page, { more, live }) {
    const messages = live ? room.withTail(page.messages) : page.messages;
    room.replace({ ...page, messages, to: Math.max(page.to ?? -1, messages.at(-1)?.seq ?? -1) }, { more, live });
    room.gap = "";
    this.#emit("reset", { room });
  }
}
