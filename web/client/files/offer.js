// A file's offer is a message like any other: a line for people, and a line that clients know:
//
//   📎 photo.jpg (4.2 MB) — open Roomcast to receive it
//   roomcast-file:1 {"id":"…","name":"photo.jpg","size":4200000,"sha256":"…"}

import { sizeOf } from "../times.js";

const MARK = "roomcast-file:1 ";
const NAME_CHARACTERS = 200;
const ID = /^[0-9a-f-]{16,64}$/;
const SHA256 = /^[0-9a-f]{64}$/;
// Controls, path separators, and what would show a name in another order than it is in.
const NOT_IN_A_NAME = /[\u0000-\u001f\u007f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export function tidyName(name) {
  const tidy = name.replace(NOT_IN_A_NAME, "_").trim();
  if (tidy === "" || /^\.+$/.test(tidy)) return "file";
  if (tidy.length <= NAME_CHARACTERS) return tidy;
  const ending = /\.[^.]{1,12}$/.exec(tidy)?.[0] ?? "";
  return tidy.slice(0, NAME_CHARACTERS - ending.length) + ending;
}

export function offerText({ id, name, size, sha256 }) {
  return `📎 ${name} (${sizeOf(size)}) — open Roomcast to receive it\n${MARK}${JSON.stringify({ id, name, size, sha256 })}`;
}

/** The offer in a text, or null. Anyone may write anything there: what is not exactly an offer is an ordinary message. */
export function offerIn(text) {
  if (!text.startsWith("📎 ")) return null;
  const at = text.indexOf(`\n${MARK}`);
  if (at < 0) return null;
  try {
    const { id, name, size, sha256 } = JSON.parse(text.slice(at + 1 + MARK.length));
    if (!ID.test(id) || typeof name !== "string" || !Number.isSafeInteger(size) || size < 0 || !SHA256.test(sha256)) return null;
    return { id, name: tidyName(name), size, sha256 };
  } catch {
    return null;
  }
}
