// What one can do about one's name and account.

import { api, wordsOf } from "./account.js";
import { field, form, openDialog, password } from "./dialog.js";
import { el, toast } from "./dom.js";
import { remembered } from "./remembered.js";

/** @param enter shows the entry in a mode @param changing is told of a change of the password while it lasts */
export function openAccount({ enter, changing, gone }) {
  const go = (mode) => () => {
    dialog.close();
    enter(mode);
  };
  const button = (label, onclick, className = "") => el("button", { type: "button", class: className, onclick }, label);
  if (!remembered.account) {
    const dialog = openDialog("You are a guest", el("p", { class: "quiet" }, `Here you are ${remembered.nick}. A guest's name is free again after a while; an account keeps it.`),
      el("div", { class: "row wrap" }, button("Change the name", () => { dialog.close(); enter("guest"); }), button("Log in", () => { dialog.close(); enter("login"); }),
        button("Sign up", () => { dialog.close(); enter("register"); }, "primary")));
    return;
  }
  const words = (refusal) => wordsOf(refusal, { wrong_password: "The password you have now is another." });
  const now = password("current-password");
  const next = password("new-password");
  const mine = password("current-password");
  const dialog = openDialog(remembered.nick,
    el("section", {}, el("h3", {}, "Change the password"),
      form({ label: "Change it", words, action: async () => {
        const changed = api.changePassword(now.value, next.value);
        changing(changed);
        await changed;
        dialog.close();
        toast("Your password is changed. Other devices have to log in again.");
      } }, field("The password now", now), field("The new password", next))),
    el("section", {}, el("h3", {}, "Leave"),
      el("div", { class: "row wrap" }, button("Log in as somebody else", go("login")), button("Log out", async () => {
        await api.logout().catch(() => {});
        dialog.close();
        gone("You are logged out.");
      }))),
    el("details", {}, el("summary", {}, "Delete the account"),
      el("p", { class: "quiet" }, "Your name becomes free. What you wrote stays in the rooms."),
      form({ label: "Delete my account", className: "danger", words, action: async () => {
        await api.deleteAccount(mine.value);
        dialog.close();
        gone("Your account is deleted.");
      } }, field("Your password", mine))));
}
