// What stands above a room's messages, or in their place: its beginning, a gap, why one is not in it and what can be done.

import { byId, el, icon } from "./dom.js";

const GAPS = {
  epoch_changed: "This room was deleted and made again. What was here before is gone.",
  retention: "Some of what was said while you were away is no longer kept.",
  future_seq: "The room's log was replaced. What you see is what it holds now.",
};

// Why one is not in a room: title, words, and the name of the button that tries again, or `password` for a field.
const OUT = {
  room_gone: ["This room was deleted", "Opening it again makes a new, empty room of the same name.", "Open it again"],
  kicked: ["You were taken out of this room", "Its owner did that. You may come back.", "Come back"],
  banned: ["You are banned from this room", "Its owner has shut you out. Only the owner can take that back."],
  password_changed: ["This room has a new password", "Whoever told you the old one may tell you the new one too.", "password"],
  no_such_room: ["A password is needed here", "This room is private, or it does not exist.", "password"],
  wrong_password: ["That did not open it", "The password is wrong, or there is no such room.", "password"],
  rate_limited: ["Too many tries", "For a while this room takes no more guesses at its password. Wait a moment, then try again.", "password"],
  forbidden: ["There is no room of this name", "Not everybody may make rooms here. Open one from the list of rooms, or log in."],
  too_many_rooms: ["You are in too many rooms", "Leave one of them, then open this one.", "Try again"],
};

/** @param rooms the model, which opens the room again */
export function noticesOf(room, rooms) {
  if (room.state === "joining") {
    return [el("div", { class: "skeleton", role: "status", "aria-label": "Opening the room" },
      ...[0, 1, 2].map((line) => el("div", { class: `bones bones-${line}` }, el("span", { class: "bone round" }), el("span", { class: "bone" }), el("span", { class: "bone" }))))];
  }
  if (room.state === "out") return [outOf(room, rooms)];
  const out = [];
  if (GAPS[room.gap]) out.push(el("p", { class: "gap", role: "status" }, GAPS[room.gap]));
  if (room.more) {
    out.push(el("button", { class: "more", type: "button", disabled: room.loading, onclick: () => rooms.pages.older(room) },
      room.loading ? "Loading older messages…" : "Load older messages"));
  } else {
    out.push(beginningOf(room));
  }
  return out;
}

function beginningOf(room) {
  const empty = room.items.length === 0;
  return el("div", { class: "beginning" }, el("span", { class: "sign", "aria-hidden": "true" }, "#"),
    el("h2", { dir: "auto" }, room.title || `#${room.slug}`),
    el("p", {}, empty ? "Nothing has been said here yet. Write the first message, or invite somebody." : "This is where the room begins."),
    empty && el("button", { type: "button", onclick: () => byId("invite").click() }, "Copy the invitation link"));
}

function outOf(room, rooms) {
  const [title, words, way] = OUT[room.reason] ?? ["The room did not open", room.error?.message ?? "The server refused it.", "Try again"];
  const open = (password) => rooms.open(room.slug, { password });
  let action;
  if (way === "password") action = passwordForm(room, open);
  else if (way) action = el("button", { class: "primary", type: "button", onclick: () => open() }, way);
  return el("div", { class: "beginning out", role: "status" }, el("span", { class: "sign", "aria-hidden": "true" }, way === "password" ? icon("lock") : "#"),
    el("h2", {}, title), el("p", {}, words), action);
}

function passwordForm(room, open) {
  const input = el("input", { id: "room-password", type: "password", required: true, autocomplete: "off", maxLength: 72, "aria-label": `Password of #${room.slug}`, placeholder: "Password" });
  return el("form", { class: "line", onsubmit: (event) => {
    event.preventDefault();
    open(input.value);
  } }, input, el("button", { class: "primary" }, "Enter"));
}
