// Where one writes: a box that grows, Enter to send, a draft for each room, and word to the others that somebody types.

import { byId } from "./dom.js";

const TYPING_AGAIN_MS = 2_500;
const TEXT_BYTES_MOST = 16 * 1024;
const TOLD_FROM_BYTES = 14 * 1024;

export class Composer {
  #rooms;
  #text = byId("text");
  #send = byId("send");
  #error = byId("compose-error");
  #room = null;
  #typingAt = 0;
  #onSent;

  constructor(rooms, onSent) {
    this.#rooms = rooms;
    this.#onSent = onSent;
    byId("compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("input", () => {
      this.#changed();
      this.#tellTyping();
    });
    rooms.on("shown", () => this.#shown());
    rooms.on("list", () => this.#enable());
  }

  focus() {
    // On a phone it would bring up the keyboard unasked.
    if (!matchMedia("(pointer: coarse)").matches) this.#text.focus();
  }

  #shown() {
    const room = this.#rooms.current;
    if (room === this.#room) {
      this.#enable();
      return;
    }
    if (this.#room) {
      this.#room.draft = this.#text.value;
      this.#stopTyping();
    }
    this.#room = room;
    this.#text.value = room?.draft ?? "";
    this.#changed();
    this.#enable();
  }

  #enable() {
    const writable = this.#room !== null && (this.#room.state === "open" || this.#room.state === "joining");
    this.#text.disabled = !writable;
    byId("attach").disabled = !writable;
    this.#text.placeholder = !this.#room ? "" : writable ? `Message #${this.#room.slug}` : "You are not in this room";
    this.#changed();
  }

  #changed() {
    const bytes = new TextEncoder().encode(this.#text.value).length;
    const tooLong = bytes > TEXT_BYTES_MOST;
    this.#send.disabled = this.#text.disabled || this.#text.value.trim() === "" || tooLong;
    this.#error.hidden = bytes < TOLD_FROM_BYTES;
    const words = tooLong ? `Too long by ${bytes - TEXT_BYTES_MOST} bytes. Send it in parts, or as a file.`
      : `${TEXT_BYTES_MOST - bytes} bytes left.`;
    if (!this.#error.hidden && this.#error.textContent !== words) this.#error.textContent = words;
    this.#text.setAttribute("aria-invalid", String(tooLong));
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight + 2}px`;
  }

  #submit() {
    if (this.#send.disabled || !this.#room) return;
    const text = this.#text.value.trim();
    this.#text.value = "";
    this.#room.draft = "";
    this.#stopTyping();
    this.#rooms.say(this.#room, text);
    this.#changed();
    this.#onSent();
    this.#text.focus();
  }

  #tellTyping() {
    if (!this.#room) return;
    if (this.#text.value === "") {
      this.#stopTyping();
    } else if (Date.now() - this.#typingAt > TYPING_AGAIN_MS) {
      this.#typingAt = Date.now();
      this.#rooms.typing(this.#room, true);
    }
  }

  #stopTyping() {
    if (this.#typingAt === 0) return;
    this.#typingAt = 0;
    this.#rooms.typing(this.#room, false);
  }
}
