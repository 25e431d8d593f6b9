// Messages as items of a list: grouped by who speaks and by day, with the marker of what is new among them.

import { wordsOf } from "./account.js";
import { avatar, el, hueOf, icon } from "./dom.js";
import { formatted, isPictures } from "./format.js";
import { clockOf, dayOf, fullOf, sameDay } from "./times.js";

const GROUP_MS = 5 * 60_000;

/** Whether a message goes into the group of the one before it. */
function follows(previous, user, date) {
  if (!previous || previous.user !== user) return false;
  const before = new Date(previous.time);
  return sameDay(before, date) && date - before <= GROUP_MS;
}

export class Items {
  #rooms;
  #files;
  #remove;

  /** @param files makes the card of a message that offers a file, or null @param remove deletes a message, for the owner */
  constructor(rooms, files, remove) {
    this.#rooms = rooms;
    this.#files = files;
    this.#remove = remove;
  }

  /** Items for messages that follow `previous`; day lines and the marker among them. */
  build(room, messages, previous) {
    const out = [];
    for (const message of messages) {
      const date = new Date(message.time);
      const newDay = !previous || !sameDay(date, new Date(previous.time));
      const marked = message.seq === room.firstUnread;
      if (newDay) out.push(el("li", { class: "day" }, el("span", {}, dayOf(date))));
      if (marked) out.push(el("li", { class: "marker" }, el("span", {}, "New messages")));
      const first = newDay || marked || !follows(previous, message.user, date);
      out.push(this.#item(room, message, date, first));
      previous = message;
    }
    return out;
  }

  #item(room, message, date, first) {
    const mine = message.user === this.#rooms.user;
    const card = this.#files.card(message);
    const time = el("time", { dateTime: message.time, title: fullOf(date) }, clockOf(date));
    const text = card ?? el("div", { class: isPictures(message.text) ? "text pictures" : "text", dir: "auto" }, formatted(message.text));
    const head = first
      ? el("p", { class: "head" }, el("b", { class: `who who-${hueOf(message.user)}`, dir: "auto" }, message.user), time)
      : el("span", { class: "unseen" }, `${message.user}, `);
    const remove = this.#rooms.owns(room) && el("button", { class: "icon remove", type: "button", title: "Delete for everybody",
      "aria-label": `Delete this message of ${message.user}, ${clockOf(date)}`, onclick: () => this.#remove(room, message) }, icon("bin"));
    return el("li", { class: `message ${first ? "first" : "next"}${mine ? " mine" : ""}`, "data-seq": message.seq },
      first ? avatar(message.user) : time, el("div", { class: "body" }, head, text), remove);
  }

  /** Those of our messages that have no place in the log yet, grouped as they will be when they have one. */
  pending(room) {
    let previous = room.live ? room.items.at(-1) : undefined;
    return [...room.pending.values()].map((message) => {
      const item = this.#pendingItem(room, message, message.state === "failed" || !follows(previous, this.#rooms.user, message.at));
      previous = { user: this.#rooms.user, time: message.at };
      return item;
    });
  }

  #pendingItem(room, message, first) {
    const offer = this.#files.nameIn(message.text);
    const failed = message.state === "failed";
    const time = el("time", { title: fullOf(message.at) }, failed ? "Not sent" : first ? "Sending…" : clockOf(message.at));
    const head = first && el("p", { class: "head" }, el("b", { class: `who who-${hueOf(this.#rooms.user)}`, dir: "auto" }, this.#rooms.user), time);
    const item = el("li", { class: `message ${first ? "first" : "next"} mine ${message.state}`, "data-id": message.id },
      first ? avatar(this.#rooms.user) : time,
      el("div", { class: "body" }, head, el("div", { class: "text", dir: "auto" }, offer ?? formatted(message.text))));
    if (failed) {
      item.lastChild.append(el("p", { class: "failure", role: "alert" }, `${wordsOf(message.error)} `,
        el("button", { type: "button", onclick: () => this.#rooms.again(room, message.id) }, "Send again"),
        el("button", { type: "button", onclick: () => this.#rooms.discard(room, message.id) }, "Discard")));
    }
    return item;
  }
}
