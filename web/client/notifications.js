// Notifications of the desktop while nobody looks, for who has asked for them.

import { byId, toast } from "./dom.js";
import { remembered } from "./remembered.js";

let listening = false;

const on = () => remembered.notify && Notification.permission === "granted";

/** Notifies from now on, as long as it is switched on. @param go shows the room of that name */
export function startNotifying(rooms, files, go) {
  showSwitch();
  if (listening) return;
  listening = true;
  rooms.on("message", ({ room, message, fresh }) => {
    if (!fresh || message.user === rooms.user || !on() || document.visibilityState === "visible") return;
    const body = files.nameIn(message.text) ?? message.text.slice(0, 200);
    let note;
    try {
      note = new Notification(`${message.user} in #${room.slug}`, { body, tag: room.slug, icon: "favicon.svg" });
    } catch {
      return;  // some phones allow them from service workers only
    }
    note.onclick = () => {
      window.focus();
      go(room.slug);
      note.close();
    };
  });
}

/** Switches them on or off. */
export async function toggleNotifying(rooms, files, go) {
  if (on()) {
    remembered.notify = false;
    toast("Notifications are off.");
  } else if (await Notification.requestPermission() === "granted") {
    remembered.notify = true;
    toast("You will be notified of new messages while this page is hidden.");
  } else {
    toast("The browser does not allow notifications here. Its settings for this site can change that.");
  }
  startNotifying(rooms, files, go);
}

function showSwitch() {
  const button = byId("notify");
  button.setAttribute("aria-pressed", String(on()));
  button.title = on() ? "Notifications are on" : "Notify me of new messages";
}
