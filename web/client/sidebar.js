// The list of rooms, the form that opens one; on narrow screens the drawer that both are in, and the menu of the room's tools.

import { avatar, byId, el, icon } from "./dom.js";
import { slugOf } from "./room.js";

const STATES = { live: "connected", connecting: "connecting…", recovering: "catching up…", offline: "not connected", closed: "disconnected" };

export class Sidebar {
  #rooms;
  #client;
  #list = byId("rooms");
  #shade = byId("shade");
  #sidebar = byId("sidebar");
  #openers = [byId("open-rooms"), byId("open-rooms-2")];

  /** @param go shows the room of that name */
  constructor(rooms, client, go) {
    this.#rooms = rooms;
    this.#client = client;
    for (const event of ["list", "shown"]) rooms.on(event, () => this.#render());
    client.on("state", () => this.#renderMe());
    client.on("welcome", () => this.#renderMe());
    byId("add-room").addEventListener("submit", (event) => {
      event.preventDefault();
      const input = byId("add-name");
      const slug = slugOf(input.value);
      const error = byId("add-error");
      error.hidden = slug !== null;
      input.setAttribute("aria-invalid", String(slug === null));
      if (slug === null) {
        error.textContent = "A room's name is made of a–z, 0–9, - and _, and begins with a letter or digit.";
        return;
      }
      input.value = "";
      go(slug);
      this.close();
      byId("text").focus();
    });
    for (const opener of this.#openers) opener.addEventListener("click", () => this.open());
    byId("close-rooms").addEventListener("click", () => this.close());
    const [more, extra] = [byId("more-tools"), byId("extra")];
    const showExtra = (on) => {
      extra.classList.toggle("open", on);
      more.setAttribute("aria-expanded", String(on));
    };
    more.addEventListener("click", () => showExtra(more.getAttribute("aria-expanded") !== "true"));
    document.addEventListener("click", ({ target }) => !more.contains(target) && showExtra(false));
    extra.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || more.getAttribute("aria-expanded") !== "true") return;
      event.stopPropagation();
      showExtra(false);
      more.focus();
    });
    this.#list.addEventListener("click", ({ target }) => target.closest("a") && this.close());
    this.#render();
    this.#renderMe();
  }

  open() {
    this.#sidebar.classList.add("open");
    this.#shade.hidden = false;
    this.#setBehind(true);
    for (const opener of this.#openers) opener.setAttribute("aria-expanded", "true");
    byId("close-rooms").focus();
  }

  close() {
    if (!this.#sidebar.classList.contains("open")) return false;
    this.#sidebar.classList.remove("open");
    this.#shade.hidden = true;
    this.#setBehind(false);
    for (const opener of this.#openers) opener.setAttribute("aria-expanded", "false");
    this.#openers.find((opener) => opener.offsetParent)?.focus();
    return true;
  }

  /** What the drawer covers is out of reach while it is open. */
  #setBehind(on) {
    for (const id of ["conversation", "nowhere", "people"]) byId(id).inert = on;
  }

  #render() {
    const focused = document.activeElement?.closest?.("#rooms a")?.dataset.room;
    this.#list.replaceChildren(...this.#rooms.list.map((room) => this.#row(room)));
    if (focused) this.#list.querySelector(`[data-room="${focused}"]`)?.focus();
    const others = this.#rooms.list.some((room) => room !== this.#rooms.current && room.unread > 0);
    byId("elsewhere").hidden = !others;
  }

  #row(room) {
    const current = room === this.#rooms.current;
    const unread = room.unread > 0
      ? el("span", { class: "badge" }, room.unread > 99 ? "99+" : String(room.unread), el("span", { class: "unseen" }, " unread"))
      : null;
    return el("li", {}, el("a", { href: `#${room.slug}`, "data-room": room.slug, "aria-current": current ? "page" : null,
      class: room.unread > 0 ? "unread" : "" },
      el("span", { class: "hash", "aria-hidden": "true" }, room.private ? icon("lock") : "#"), el("span", { class: "slug", title: room.title }, room.slug),
      room.state === "out" && el("span", { class: "out", title: "You are not in this room" }, icon("leave"), el("span", { class: "unseen" }, " not open")), unread));
  }

  #renderMe() {
    const { user, state } = this.#client;
    byId("my-name").textContent = user;
    const fresh = avatar(user);
    fresh.id = "my-avatar";
    byId("my-avatar").replaceWith(fresh);
    const words = byId("my-state");
    words.textContent = STATES[state];
    words.className = `state ${state}`;
  }
}
