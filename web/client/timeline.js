// The current room's messages: grouped by person and day, with the reader's place kept whatever comes or goes above or below.

import { announce, byId } from "./dom.js";
import { Items } from "./items.js";
import { noticesOf } from "./notices.js";

const AT_END_PX = 60;
const LOAD_AHEAD_PX = 400;
const HIDDEN_FLUSH_MS = 200;  // a page that nobody sees has no frames
const FAR_PX = 200;  // from the end: then there is a button that leads back

export class Timeline {
  #rooms;
  #files;
  #items;
  #scroll = byId("scroll");
  #list = byId("messages");
  #pendingList = byId("pending");
  #top = byId("top");
  #toEnd = byId("to-end");
  #toEndWords = byId("to-end-words");
  #end = true;
  #shownTo = -1;     // the seq of the last item in the document
  #flushing = null;
  #stale = false;    // the list must be built anew

  /** @param files makes the card of a message that offers a file, or null @param remove deletes a message, for the owner */
  constructor(rooms, files, remove) {
    this.#rooms = rooms;
    this.#files = files;
    this.#items = new Items(rooms, files, remove);
    this.#scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#toEnd.addEventListener("click", () => this.toEnd());
    // Whatever grows or shrinks, the box itself or what is in it: who is at the end stays there.
    const sizes = new ResizeObserver(() => this.#atEnd && this.#stickToEnd());
    for (const box of [this.#scroll, this.#list, this.#pendingList, this.#top]) sizes.observe(box);
    document.addEventListener("visibilitychange", () => this.#read());
    window.addEventListener("focus", () => this.#read());
    const ifCurrent = (listener) => (event) => event.room === rooms.current && listener(event);
    rooms.on("shown", () => this.#render());
    rooms.on("reset", ifCurrent(() => this.#render()));
    rooms.on("message", ifCurrent(({ message }) => this.#append(message)));
    rooms.on("older", ifCurrent(({ messages }) => this.#prepend(messages)));
    rooms.on("newer", ifCurrent(() => this.#extend()));
    rooms.on("trimmed", ifCurrent(() => {
      this.#stale = true;
      this.#flushSoon();
    }));
    rooms.on("pending", ifCurrent(() => this.#renderPending()));
    rooms.on("loading", ifCurrent(() => this.#renderTop()));
  }

  get #atEnd() {
    return this.#end;
  }

  set #atEnd(on) {
    this.#end = on;
    if (this.#room) this.#room.following = on;
  }

  get #room() {
    return this.#rooms.current;
  }

  async toEnd() {
    const room = this.#room;
    if (!room) return;
    this.#atEnd = true;
    room.scroll = undefined;
    if (!room.live) await this.#rooms.pages.toEnd(room).catch(() => {});
    this.#stickToEnd();
    this.#read();
  }

  /** Scrolls to a message that is shown. */
  toSeq(seq) {
    this.#atEnd = false;
    this.#itemOf(seq)?.scrollIntoView({ block: "start" });
    this.#renderToEnd();
  }

  /** Keeps the reader's place while the room is away. */
  rememberPlace() {
    const room = this.#room;
    if (!room) return;
    room.scroll = this.#atEnd ? undefined : this.#scroll.scrollTop;
  }

  #itemOf(seq) {
    return this.#list.querySelector(`[data-seq="${seq}"]`);
  }

  #render() {
    const room = this.#room;
    this.#stale = false;
    this.#list.replaceChildren();
    this.#renderTop();
    this.#renderPending();
    if (!room) return;
    const keepPlace = this.#shownSlug === room.slug && !this.#atEnd;
    const place = keepPlace ? this.#scroll.scrollTop : room.scroll;
    this.#shownSlug = room.slug;
    this.#list.append(...this.#items.build(room, room.items, null));
    this.#shownTo = room.newest;
    const marker = this.#list.querySelector(".marker");
    this.#atEnd = place === undefined;
    if (place !== undefined) this.#scroll.scrollTop = place;
    else this.#scroll.scrollTop = this.#scroll.scrollHeight;
    if (place === undefined && marker && room.unread > 0) {
      const above = marker.offsetTop - this.#scroll.clientHeight / 4;
      if (above < this.#scroll.scrollTop) {
        this.#scroll.scrollTop = above;
        this.#atEnd = this.#distance() < AT_END_PX;
      }
    }
    this.#renderToEnd();
    this.#read();
  }

  #shownSlug = "";

  #renderTop() {
    this.#top.replaceChildren(...(this.#room ? noticesOf(this.#room, this.#rooms) : []));
  }

  #renderPending() {
    const room = this.#room;
    const atEnd = this.#atEnd;
    this.#pendingList.replaceChildren(...(room ? this.#items.pending(room) : []));
    if (atEnd) this.#stickToEnd();
  }

  #append(message) {
    if (message.user !== this.#rooms.user) announce(`${message.user}: ${this.#files.nameIn(message.text) ?? message.text.slice(0, 300)}`);
    this.#flushSoon();
  }

  /** What comes within one frame is shown together: a hundred messages cost little more than one. */
  #flushSoon() {
    if (this.#flushing !== null) return;
    const flush = () => {
      this.#flushing = null;
      this.#flush();
    };
    this.#flushing = document.visibilityState === "visible" ? requestAnimationFrame(flush) : setTimeout(flush, HIDDEN_FLUSH_MS);
  }

  #flush() {
    const room = this.#room;
    if (!room) return;
    const atEnd = this.#atEnd;
    if (this.#seen() && atEnd) room.firstUnread = undefined;
    if (atEnd) this.#rooms.trim(room);
    if (this.#stale) {
      this.#render();
      return;
    }
    this.#showRest();
    if (atEnd) this.#stickToEnd();
    this.#read();
    this.#renderToEnd();
  }

  /** Adds the items that are not in the document yet. */
  #showRest() {
    const { items } = this.#room;
    let from = items.length;
    while (from > 0 && items[from - 1].seq > this.#shownTo) from--;
    if (from === items.length) return;
    this.#list.append(...this.#items.build(this.#room, items.slice(from), items[from - 1] ?? null));
    this.#shownTo = items.at(-1).seq;
    if (from === 0) this.#renderTop();
  }

  /** Puts older messages above; what the reader looks at stays where it is. */
  #prepend(messages) {
    const first = this.#list.querySelector(".message");
    const next = this.#room.items[messages.length];
    const before = first?.getBoundingClientRect().bottom ?? 0;
    const made = this.#items.build(this.#room, messages, null);
    if (next && first) {
      // The one that was the first has a neighbour now: it may go into its group, or keep its day.
      while (this.#list.firstChild !== first) this.#list.firstChild.remove();
      const again = this.#items.build(this.#room, [next], messages.at(-1));
      first.replaceWith(...again);
      this.#list.prepend(...made);
      this.#renderTop();
      const now = again.at(-1).getBoundingClientRect().bottom;  // its own head may have gone
      this.#scroll.scrollTop += now - before;
    } else {
      this.#list.prepend(...made);
    }
    this.#renderTop();
  }

  #extend() {
    const top = this.#scroll.scrollTop;
    this.#showRest();
    this.#scroll.scrollTop = top;
    this.#scrolled();
  }

  #distance() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight;
  }

  #stickToEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #scrolled() {
    const room = this.#room;
    if (!room) return;
    const distance = this.#distance();
    this.#atEnd = room.live && distance < AT_END_PX;
    if (this.#scroll.scrollTop < LOAD_AHEAD_PX) this.#rooms.pages.older(room);
    if (!room.live && distance < LOAD_AHEAD_PX) this.#rooms.pages.newer(room);
    this.#renderToEnd();
    this.#read();
  }

  #renderToEnd() {
    const room = this.#room;
    const away = room?.state === "open" && (!room.live || this.#distance() > FAR_PX || (room.unread > 0 && !this.#atEnd));
    this.#toEnd.hidden = !away;
    if (away) this.#toEndWords.textContent = room.unread > 0 ? `${room.unread} new` : "Newest";
    this.#toEnd.classList.toggle("news", away && room.unread > 0);
    if (away) this.#toEnd.setAttribute("aria-label", room.unread > 0 ? `Go to the newest messages, ${room.unread} unread` : "Go to the newest messages");
  }

  #seen() {
    return document.visibilityState === "visible" && document.hasFocus();
  }

  #read() {
    const room = this.#room;
    if (room?.state === "open" && this.#atEnd && this.#seen()) this.#rooms.markRead(room);
  }
}
