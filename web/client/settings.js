// The owner's tools: what a room is called, who may come in, how long messages are kept, whose it is.

import { api, wordsOf } from "./account.js";
import { retentions } from "./browse.js";
import { confirmed, field, form, openDialog, password } from "./dialog.js";
import { el, toast } from "./dom.js";

/** Does it, and tells how it went. */
export async function attempt(doing, done) {
  try {
    await doing();
    toast(done);
    return true;
  } catch (refusal) {
    toast(wordsOf(refusal, { forbidden: "Only the room's owner may do that.", not_found: "There is nothing of that kind any more." }));
    return false;
  }
}

export async function kick(room, user) {
  await attempt(() => api.kick(room.slug, user), `${user} is out. Nothing keeps them from coming back.`);
}

export async function ban(room, user) {
  if (await confirmed(`Ban ${user}?`, `${user} is put out of #${room.slug} and cannot come back until you lift the ban.`, "Ban"))
    await attempt(() => api.ban(room.slug, user), `${user} is banned.`);
}

export async function removeMessage(room, message) {
  const words = message.text.length > 120 ? `${message.text.slice(0, 120)}…` : message.text;
  if (await confirmed("Delete this message?", `“${words}” by ${message.user} is deleted for everybody.`, "Delete"))
    await attempt(() => api.deleteMessage(room.slug, message.seq), "The message is deleted.");
}

export async function openSettings(rooms, room) {
  let info;
  try {
    info = await api.room(room.slug, room.password);
  } catch (refusal) {
    toast(wordsOf(refusal));
    return;
  }
  const words = (refusal) => wordsOf(refusal, { forbidden: "Only the room's owner may do that.", no_such_user: "There is nobody of that name." });
  const { slug } = room;
  const title = el("input", { maxLength: 200, value: info.title ?? "" });
  const kept = retentions(info.retention_s ? String(info.retention_s) : "");
  const secret = password("new-password");
  const heir = el("input", { required: true, maxLength: 64, placeholder: "Name of an account" });
  const typed = el("input", { required: true, maxLength: 64, autocapitalize: "none", spellcheck: false });
  const bans = el("ul", { class: "bans" });
  const setPassword = async (value) => {
    await api.changeRoom(slug, { password: value });
    rooms.setPassword(room, value ?? undefined);
    dialog.close();
    toast(value === null ? "Everybody may come in now." : "The password is set. Who was in has to come in anew.");
  };
  const dialog = openDialog(`Settings of #${slug}`,
    el("section", {}, form({ label: "Save", words, action: async () => {
      await api.changeRoom(slug, { title: title.value.trim(), retention_s: kept.value ? Number(kept.value) : null });
      dialog.close();
      toast("Saved.");
    } }, field("Title", title), field("Messages are kept", kept))),
    el("section", {}, el("h3", {}, info.private ? "This room is private" : "This room is public"),
      form({ label: info.private ? "Change the password" : "Make it private", className: "", words, action: () => setPassword(secret.value),
        beside: info.private && el("button", { type: "button", onclick: () => setPassword(null).catch((refusal) => toast(words(refusal))) }, "Make it public") },
      field(info.private ? "New password" : "Password", secret, "Everybody but you is put out and needs it to come back."))),
    el("section", {}, el("h3", {}, "Banned"), bans),
    el("details", {}, el("summary", {}, "Hand the room over"), form({ label: "Hand it over", className: "danger", words, action: async () => {
      await api.changeRoom(slug, { owner: heir.value.trim() });
      dialog.close();
      toast(`The room is ${heir.value.trim()}'s now.`);
    } }, field("New owner", heir, "You lose these tools by it."))),
    el("details", {}, el("summary", {}, "Delete the room"), form({ label: "Delete the room", className: "danger", words, action: async () => {
      if (typed.value.trim().replace(/^#/, "") !== slug) throw Object.assign(new Error("That is not the room's name"), { code: "" });
      await api.deleteRoom(slug);
      dialog.close();
      toast(`#${slug} is deleted.`);
    } }, field(`Type ${slug} to delete it with all that was said in it`, typed))));
  dialog.classList.add("tall");

  const none = () => { if (bans.children.length === 0) bans.append(el("li", { class: "quiet" }, "Nobody.")); };
  try {
    bans.append(...(await api.bans(slug)).map((user) => {
      const row = el("li", {}, el("span", { dir: "auto" }, user), el("button", { type: "button", onclick: async () => {
        if (!await attempt(() => api.unban(slug, user), `${user} may come back.`)) return;
        row.remove();
        none();
      } }, "Lift the ban"));
      return row;
    }));
    none();
  } catch (refusal) {
    bans.append(el("li", { class: "quiet" }, wordsOf(refusal)));
  }
}
