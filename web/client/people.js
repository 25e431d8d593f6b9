// Who is in the room: the count in its head, the list beside it, the line that tells who types.

import { avatar, byId, el, icon } from "./dom.js";

const NAMED_TYPISTS = 2;
const NARROW = "(max-width: 75rem)";  // then the list lies above the conversation

export class People {
  #rooms;
  #panel = byId("people");
  #opener = byId("show-people");
  #list = byId("people-list");
  #tools;

  /** @param tools of the owner: { kick(room, user), ban(room, user) } */
  constructor(rooms, tools) {
    this.#rooms = rooms;
    this.#tools = tools;
    for (const event of ["shown", "people", "list"]) rooms.on(event, ({ room }) => (!room || room === rooms.current) && this.#render());
    for (const event of ["shown", "typing", "message"]) rooms.on(event, ({ room }) => (!room || room === rooms.current) && this.#renderTyping());
    this.#opener.addEventListener("click", () => (this.#panel.hidden ? this.open() : this.close()));
    byId("close-people").addEventListener("click", () => this.close());
    if (!matchMedia(NARROW).matches) this.#show(true);
  }

  open() {
    this.#show(true);
    if (this.#rooms.current) this.#rooms.crowd.refresh(this.#rooms.current);
    byId("people-title").focus();
  }

  close() {
    if (this.#panel.hidden) return false;
    this.#show(false);
    this.#opener.focus();
    return true;
  }

  #show(on) {
    this.#panel.hidden = !on;
    this.#opener.setAttribute("aria-expanded", String(on));
    byId("app").classList.toggle("with-people", on);
    const covers = on && matchMedia(NARROW).matches;
    byId("shade").hidden = !covers;
    byId("conversation").inert = covers;
    this.#render();
  }

  #render() {
    const room = this.#rooms.current;
    byId("room-about").textContent = about(room);
    byId("room-title").textContent = room?.title ?? "";
    byId("room-lock").toggleAttribute("hidden", !room?.private);
    byId("settings").hidden = !this.#rooms.owns(room);
    if (!room || this.#panel.hidden) return;
    const sessions = new Map();
    for (const user of room.members.values()) sessions.set(user, (sessions.get(user) ?? 0) + 1);
    const here = [...sessions.keys()].sort((a, b) => a.localeCompare(b));
    const away = [...new Set(room.items.map(({ user }) => user))].filter((user) => !sessions.has(user)).sort((a, b) => a.localeCompare(b));
    const unlisted = room.count - room.members.size;
    const parts = here.length === 0 ? [] : [this.#group(`Here now — ${here.length}`, here.map((user) => this.#person(user, sessions.get(user), true)))];
    if (unlisted > 0) parts.push(el("p", { class: "hint" }, `and ${unlisted} more`));
    // In a crowd nobody can be said to be away: not all who are here are listed.
    if (room.listed && away.length > 0) parts.push(this.#group(`Wrote here, now away — ${away.length}`, away.map((user) => this.#person(user, 0, false))));
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.#list.replaceChildren(...parts);
    if (focused) [...this.#list.querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === focused)?.focus();
  }

  #group(title, people) {
    return el("section", {}, el("h3", {}, title), el("ul", {}, ...people));
  }

  #person(user, sessions, here) {
    const room = this.#rooms.current;
    const mine = user === this.#rooms.user;
    return el("li", { class: here ? "here" : "away" }, avatar(user, "avatar small"),
      el("span", { class: "name", dir: "auto" }, user),
      user === room.owner && el("span", { class: "tag" }, "owner"),
      mine && el("span", { class: "you" }, "you"),
      sessions > 1 && el("span", { class: "you", title: "connections of this name" }, `×${sessions}`),
      !mine && this.#rooms.owns(room) && el("span", { class: "tools" },
        here && this.#tool("door", `Take ${user} out of the room`, () => this.#tools.kick(room, user)),
        this.#tool("ban", `Ban ${user} from the room`, () => this.#tools.ban(room, user))));
  }

  #tool(name, label, onclick) {
    return el("button", { class: "icon", type: "button", "aria-label": label, title: label, onclick }, icon(name));
  }

  #renderTyping() {
    const names = [...(this.#rooms.current?.typing.keys() ?? [])].filter((user) => user !== this.#rooms.user);
    const line = byId("typing");
    let words = "";
    if (names.length === 1) words = `${names[0]} is typing…`;
    else if (names.length === NAMED_TYPISTS) words = `${names[0]} and ${names[1]} are typing…`;
    else if (names.length > NAMED_TYPISTS) words = "Several people are typing…";
    if (line.textContent !== words) line.textContent = words;
  }
}

function about(room) {
  if (!room) return "";
  if (room.state === "joining") return "opening…";
  if (room.state !== "open") return "you are not in it";
  if (room.count <= 0) return "\u00a0";
  return room.count === 1 ? "only you are here" : `${room.count} here`;
}
