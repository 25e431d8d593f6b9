// Who one is: a guest with a name of one's choice, or an account; known by a cookie that no script can read.

import { remembered } from "./remembered.js";
import { RoomcastApi } from "./sdk/api.js";
import { RoomcastError } from "./sdk/errors.js";

export const api = new RoomcastApi();

const WORDS = {
  bad_nick: "That name does not work: it needs 1 to 64 bytes and no control characters.",
  bad_password: "That password does not work: it needs 1 to 72 bytes.",
  wrong_password: "The name or the password is wrong.",
  unreachable: "The server cannot be reached. Check your connection and try again.",
  forbidden: "That is not allowed here.",
  busy: "The server is busy. Try again in a moment.",
  unavailable: "The server cannot do that at the moment. Try again soon.",
  too_many_rooms: "You are in too many rooms. Leave one first.",
};

/** A refusal in words that help; `special` has those of the place where it happened. */
export function wordsOf(error, special = {}) {
  if (error.code === "rate_limited") {
    const seconds = Math.ceil((error.retryAfterMs ?? 1000) / 1000);
    return `That was too often. Try again in ${seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}.`;
  }
  return special[error.code] ?? WORDS[error.code] ?? `${sentence(error.message)}.`;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Who the cookie says one is, or null. */
export async function whoAmI() {
  try {
    const me = await api.me();
    became(me.user, !me.guest);
    return me;
  } catch (refusal) {
    if (refusal.code === "bad_token") return null;
    throw refusal;
  }
}

export async function becomeGuest(nick) {
  if (nick === remembered.nick && !remembered.account && await whoAmI() !== null) return;  // it is ours already
  const { user } = await api.guest(nick);
  became(user, false);
}

export async function logIn(name, password) {
  const { user } = await api.login(name, password);
  became(user ?? name, true);
}

function became(user, account) {
  if (remembered.nick !== user) remembered.nick = user;
  if (remembered.account !== account) remembered.account = account;
}

/** The cookie may have run out: a guest gets a new one under the same name; who has an account must log in. */
export async function renew() {
  if (await whoAmI() !== null) return;
  if (remembered.account) throw new RoomcastError("bad_token", "you were logged out", { status: 401 });
  if (remembered.nick) await becomeGuest(remembered.nick);
}
