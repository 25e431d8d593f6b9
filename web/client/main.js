// The page: a nick, a room, its conversation. All that people wrote enters the document as text, never as markup.

import { becomeGuest, Connection } from "./connection.js";

const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const LARGEST_TEXT_BYTES = 16 * 1024;
const NEAR_THE_END_PX = 80;

const byId = (id) => document.getElementById(id);
const view = {
  status: byId("status"), enter: byId("enter"), nick: byId("nick"), room: byId("room"), conversation: byId("conversation"),
  roomName: byId("room-name"), scroll: byId("scroll"), older: byId("older"), notice: byId("notice"), messages: byId("messages"),
  compose: byId("compose"), text: byId("text"),
};

let connection = null;
let user = null;
let room = null;          // the one that is shown
let oldest = null;        // its lowest seq that is shown
const pending = new Map(); // id -> the list item of a message of ours that has no seq yet

const times = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function item(author, text, time) {
  const made = element("li");
  made.append(element("strong", author));
  const stamp = element("time");
  if (time) {
    const date = new Date(time);
    stamp.dateTime = time;
    stamp.textContent = (date.toDateString() === new Date().toDateString() ? times : days).format(date);
  }
  made.append(stamp, element("p", text));
  return made;
}

function notice(text) {
  view.notice.textContent = text ?? "";
  view.notice.hidden = !text;
}

/** Changes the list and stays at its end, if that is where the reader is. */
function atEnd(change) {
  const distance = view.scroll.scrollHeight - view.scroll.scrollTop - view.scroll.clientHeight;
  change();
  if (distance < NEAR_THE_END_PX) view.scroll.scrollTop = view.scroll.scrollHeight;
}

function show(frame) {
  const made = item(frame.user, frame.text, frame.time);
  if (frame.user === user && pending.has(frame.id)) {
    pending.get(frame.id).remove();
    pending.delete(frame.id);
  }
  // What waits for its place stays below what has one.
  const firstPending = pending.values().next().value ?? null;
  view.messages.insertBefore(made, firstPending);
  oldest ??= frame.seq;
}

const events = {
  status(text) {
    view.status.textContent = text;
  },

  joined(slug, frame) {
    if (slug !== room) return;
    atEnd(() => {
      if (frame.recovered !== true) {
        for (const shown of [...view.messages.children]) if (!shown.classList.contains("pending")) shown.remove();
        oldest = null;
        notice(frame.recovered === false ? "Some of what you missed is gone; here is what there is." : null);
      }
      frame.messages.forEach(show);
    });
    if (frame.recovered !== true) {
      view.older.hidden = oldest === null || oldest <= frame.first;
      view.scroll.scrollTop = view.scroll.scrollHeight;
    }
  },

  message(slug, frame) {
    if (slug === room) atEnd(() => show(frame));
  },

  settled(slug, id, error, shown) {
    const waiting = pending.get(id);
    if (!waiting) return;
    if (error) {
      waiting.className = "failed";
      waiting.append(element("small", `not sent: ${error.message}`));
      pending.delete(id);
    } else if (shown) {
      waiting.remove();  // a repeat: its place is further up
      pending.delete(id);
    }
  },

  left(slug, reason) {
    if (slug !== room) return;
    notice(reason === "room_gone" ? "This room was deleted. Enter it again to make a new one." : `You are out of this room: ${reason}`);
    room = null;
    view.compose.hidden = true;
  },
};

function open(slug) {
  if (slug === room) return;
  if (room) connection.leave(room);
  room = slug;
  oldest = null;
  pending.clear();
  view.messages.replaceChildren();
  view.older.hidden = true;
  notice(null);
  view.room.value = slug;
  view.roomName.textContent = `# ${slug}`;
  view.conversation.hidden = false;
  view.compose.hidden = false;
  document.title = `${slug} – Roomcast`;
  location.hash = slug;
  connection.join(slug);
  view.text.focus();
}

function roomOfHash() {
  const slug = location.hash.slice(1);
  return SLUG.test(slug) ? slug : null;
}

view.enter.addEventListener("submit", async (event) => {
  event.preventDefault();
  const slug = view.room.value;
  try {
    if (!connection) {
      user = await becomeGuest(view.nick.value.trim());
      localStorage.setItem("nick", user);
      view.nick.value = user;
      view.nick.disabled = true;
      connection = new Connection(user, events);
      connection.connect();
    }
    open(slug);
  } catch (error) {
    view.status.textContent = error.message;
    view.nick.focus();
  }
});

view.compose.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = view.text.value;
  if (!room || !text.trim()) return;
  if (new TextEncoder().encode(text).length > LARGEST_TEXT_BYTES) {
    view.status.textContent = "that is too long for one message";
    return;
  }
  const id = connection.say(room, text);
  const made = item(user, text);
  made.className = "pending";
  pending.set(id, made);
  view.messages.append(made);
  view.scroll.scrollTop = view.scroll.scrollHeight;
  view.text.value = "";
});

view.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    view.compose.requestSubmit();
  }
});

view.older.addEventListener("click", async () => {
  const slug = room;
  view.older.disabled = true;
  try {
    const page = await connection.older(slug, oldest);
    if (slug !== room) return;
    const height = view.scroll.scrollHeight;
    view.messages.prepend(...page.messages.map((message) => item(message.user, message.text, message.time)));
    if (page.messages.length) oldest = page.messages[0].seq;
    view.scroll.scrollTop += view.scroll.scrollHeight - height;
    view.older.hidden = !page.more;
  } catch (error) {
    view.status.textContent = error.message;
  } finally {
    view.older.disabled = false;
  }
});

window.addEventListener("hashchange", () => {
  const slug = roomOfHash();
  if (!slug) return;
  view.room.value = slug;
  if (connection) open(slug);
});

view.nick.value = localStorage.getItem("nick") ?? "";
view.room.value = roomOfHash() ?? view.room.value;
