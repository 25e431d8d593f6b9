// Finding a room among the public ones, and making a new one.

import { api, wordsOf } from "./account.js";
import { field, form, openDialog, password } from "./dialog.js";
import { el } from "./dom.js";
import { slugOf } from "./room.js";

const PAGE = 30;
const SEARCH_AFTER_MS = 200;

/** @param go shows the room of that name */
export function openBrowse(rooms, go) {
  const search = el("input", { type: "search", placeholder: "Search by name or title", "aria-label": "Search rooms", autocomplete: "off", maxLength: 100 });
  const list = el("ul", { class: "found" });
  const note = el("p", { class: "quiet", role: "status" });
  const more = el("button", { class: "more", type: "button", hidden: true, onclick: () => load(true) }, "Show more rooms");
  let last;
  let asked = 0;

  async function load(further = false) {
    const mine = ++asked;
    if (!further && list.children.length === 0) note.textContent = "Looking…";
    try {
      const page = await api.rooms({ q: search.value.trim(), after: further ? last : undefined, limit: PAGE });
      if (mine !== asked) return;
      const rows = page.rooms.map(row);
      if (further) list.append(...rows);
      else list.replaceChildren(...rows);
      last = page.rooms.at(-1)?.room;
      more.hidden = !page.more;
      note.textContent = list.children.length > 0 ? "" : search.value ? "No public room is called like that." : "There is no public room yet. Make the first one.";
    } catch (refusal) {
      if (mine === asked) note.textContent = wordsOf(refusal);
    }
  }

  function row({ room, title, members }) {
    const mine = rooms.get(room)?.state === "open";
    return el("li", {}, el("a", { href: `#${room}`, onclick: () => dialog.close() },
      el("span", { class: "sign small", "aria-hidden": "true" }, "#"),
      el("span", { class: "found-words" }, el("b", { dir: "auto" }, title || room), el("span", { class: "quiet" }, `#${room}${members > 0 ? ` · ${members} here` : ""}`)),
      mine && el("span", { class: "tag" }, "open")));
  }

  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, SEARCH_AFTER_MS);
  });
  const dialog = openDialog("Find a room", search, el("div", { class: "found-box", tabIndex: -1 }, list, note, more),
    el("div", { class: "row" }, el("button", { type: "button", onclick: () => {
      dialog.close();
      openCreate(rooms, go, slugOf(search.value) ?? "");
    } }, "Create a room")));
  dialog.classList.add("tall");
  load();
}

export const RETENTIONS = [["", "for as long as the server keeps messages"], ["3600", "for an hour"], ["86400", "for a day"], ["604800", "for a week"],
  ["2592000", "for 30 days"], ["31536000", "for a year"]];

export const retentions = (chosen = "") => {
  const known = RETENTIONS.some(([value]) => value === chosen);
  return el("select", {}, ...[...RETENTIONS, ...(known ? [] : [[chosen, `for ${chosen} s`]])]
    .map(([value, label]) => el("option", { value, selected: value === chosen }, label)));
};

export function openCreate(rooms, go, slug = "") {
  const name = el("input", { required: true, maxLength: 64, value: slug, placeholder: "e.g. book-club", autocapitalize: "none", spellcheck: false });
  const title = el("input", { maxLength: 200, placeholder: "What it is about (may be empty)" });
  const secret = password("new-password");
  const secretField = field("Password", secret, "You give it to those who may come in.");
  const kept = retentions();
  const kind = (value, label, hint, checked) => el("label", { class: "choice" }, el("input", { type: "radio", name: "kind", value, checked }), el("span", {}, el("b", {}, label), el("span", { class: "quiet" }, hint)));
  const kinds = el("fieldset", { class: "choices", onchange: () => show() }, el("legend", { class: "unseen" }, "Who may come in"),
    kind("public", "Public", "Listed; everybody may come in.", true), kind("private", "Private", "Not listed; a password opens it.", false));
  const isPrivate = () => kinds.querySelector(":checked").value === "private";
  const show = () => {
    secretField.hidden = !isPrivate();
    secret.required = isPrivate();
  };
  show();
  const dialog = openDialog("Create a room", form({
    label: "Create the room",
    words: (refusal) => refusal.words ?? wordsOf(refusal, { name_taken: "There is a room of this name already. Choose another.", forbidden: "You may not make rooms here. With an account you may." }),
    action: async () => {
      const room = slugOf(name.value);
      if (room === null) throw Object.assign(new Error(), { words: "A room's name is made of a–z, 0–9, - and _, and begins with a letter or digit." });
      const given = isPrivate() ? secret.value : undefined;
      await api.createRoom({ room, ...(title.value.trim() ? { title: title.value.trim() } : {}), ...(given ? { password: given } : {}),
        ...(kept.value ? { retention_s: Number(kept.value) } : {}) });
      dialog.close();
      rooms.open(room, { password: given });
      go(room);
    },
  }, field("Name", name, "Small letters, digits, - and _; it is in the room's link."), field("Title", title), kinds, secretField, field("Messages are kept", kept)));
  name.focus();
}
