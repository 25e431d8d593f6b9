// Coming in: as a guest under a name of one's choice, or with an account.

import { api, becomeGuest, logIn, wordsOf } from "./account.js";
import { config } from "./config.js";
import { byId } from "./dom.js";
import { remembered } from "./remembered.js";
import { slugOf } from "./room.js";

const MODES = {
  guest: { button: "Enter", lead: "Rooms to talk in, live. Pick a name and come in; there is nothing to sign up for.", autocomplete: "off" },
  login: { button: "Log in", lead: "Welcome back. Your rooms are where you left them.", autocomplete: "current-password" },
  register: { button: "Create the account", lead: "A name that stays yours, on every device. All it takes is a password.", autocomplete: "new-password" },
};

const TAKEN = {
  guest: "That name is taken: it is an account's, or in use. Choose another, or log in.",
  register: "That name is taken. Choose another.",
};

const modeNow = () => document.querySelector("#modes input:checked").value;

function showMode() {
  const mode = modeNow();
  byId("enter-lead").textContent = MODES[mode].lead;
  byId("enter-button").textContent = MODES[mode].button;
  byId("password-field").hidden = mode === "guest";
  const password = byId("password");
  password.required = mode !== "guest";
  password.autocomplete = MODES[mode].autocomplete;
  byId("nick").autocomplete = mode === "guest" ? "nickname" : "username";
}

function choose(mode) {
  document.querySelector(`#modes [value="${mode}"]`).checked = true;
  showMode();
}

async function enter(mode, name, password) {
  if (mode === "guest") {
    await becomeGuest(name);
    return;
  }
  if (mode === "register") await api.register(name, password);
  await logIn(name, password);
}

/**
 * Asks who one is and where to go.
 * @param {{ problem?: string, mode?: string, room?: string, back?: () => void, done: (slug: string) => void }} how  `back`: to
 *   where one came from
 */
export function showEntry({ problem = "", mode, room, back, done }) {
  byId("app").hidden = true;
  byId("enter").hidden = false;
  const error = byId("enter-error");
  const say = (words) => {
    error.textContent = words;
    error.hidden = words === "";
  };
  say(problem);
  byId("nick").value = remembered.nick;
  byId("password").value = "";
  if (room) byId("first-room").value = room;
  choose(mode ?? (remembered.account ? "login" : "guest"));
  byId("modes").onchange = () => {
    say("");
    showMode();
    byId("nick").focus();
  };
  config().then(({ guests, register }) => {
    byId("mode-guest").hidden = !guests;
    byId("mode-register").hidden = !register;
    byId("modes").hidden = !guests && !register;
    if (!guests && modeNow() === "guest") choose("login");
  });
  byId(mode === "login" && remembered.nick ? "password" : "nick").focus();
  byId("enter-back").hidden = !back;
  byId("enter-back").onclick = () => {
    byId("enter").hidden = true;
    byId("app").hidden = false;
    back();
  };
  byId("enter-form").onsubmit = async (event) => {
    event.preventDefault();
    const slug = slugOf(byId("first-room").value);
    if (slug === null) {
      say("A room's name is made of a–z, 0–9, - and _, and begins with a letter or digit.");
      byId("first-room").focus();
      return;
    }
    const chosen = modeNow();
    const button = byId("enter-button");
    button.disabled = true;
    try {
      await enter(chosen, byId("nick").value.trim(), byId("password").value);
    } catch (refusal) {
      say(wordsOf(refusal, { name_taken: TAKEN[chosen], forbidden: "This server does not allow that. Try another way in." }));
      byId(refusal.code === "wrong_password" || refusal.code === "bad_password" ? "password" : "nick").focus();
      return;
    } finally {
      button.disabled = false;
    }
    say("");
    done(slug);
  };
}
