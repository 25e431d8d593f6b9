// The page: who one is, then the client and the views on it. All that people wrote enters the document as text.

import { api, renew, whoAmI } from "./account.js";
import { Composer } from "./composer.js";
import { byId, toast } from "./dom.js";
import { Files } from "./files/files.js";
import { takeFiles } from "./files/take.js";
import { People } from "./people.js";
import { remembered } from "./remembered.js";
import { SLUG } from "./room.js";
import { Rooms } from "./rooms.js";
import { RoomcastClient } from "./sdk/roomcast.js";
import { Sidebar } from "./sidebar.js";
import { Notifications, endedWords, showConnection, showTitle } from "./status.js";
import { Timeline } from "./timeline.js";

const FIRST_ROOM = "general";
const NO_ROOM = "That link does not name a room. Names are made of a–z, 0–9, - and _.";
const RELOAD_MS = 1_500;  // nobody can come in without the entry
const NARROW = "(max-width: 75rem)";

// What is not needed to read and write comes when it is asked for.
const later = (module, name, otherwise = () => toast("That part of the page could not be loaded. Check your connection.")) => async (...given) => {
  let loaded;
  try {
    loaded = await module();
  } catch {
    otherwise();
    return;
  }
  loaded[name](...given);
};
const openBrowse = later(() => import("./browse.js"), "openBrowse");
const openCreate = later(() => import("./browse.js"), "openCreate");
const openSettings = later(() => import("./settings.js"), "openSettings");
const removeMessage = later(() => import("./settings.js"), "removeMessage");
const kick = later(() => import("./settings.js"), "kick");
const ban = later(() => import("./settings.js"), "ban");
const openAccount = later(() => import("./account-dialog.js"), "openAccount");
const showEntry = later(() => import("./entry.js"), "showEntry", () => setTimeout(() => location.reload(), RELOAD_MS));
const openJump = later(() => import("./jump.js"), "openJump");

function slugInAddress() {
  let text = location.hash.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // not an encoded name; then it is none that can be opened either
  }
  return text === "" ? null : text;
}

/** The entry; after it the page begins anew as who one is then. */
function enter(how = {}) {
  const asked = slugInAddress();
  showEntry({ ...how, room: asked !== null && SLUG.test(asked) ? asked : undefined, done: (slug) => {
    history.replaceState(null, "", `#${slug}`);
    location.reload();
  } });
}

function start() {
  byId("enter").hidden = true;
  byId("app").hidden = false;
  const client = new RoomcastClient({ renew, refresh: () => api.refresh() });
  const rooms = new Rooms(client);
  const go = (slug) => {
    if (location.hash === `#${slug}`) show(slug);
    else location.hash = slug;
  };
  const files = new Files(client, rooms, byId("preparing"));
  const timeline = new Timeline(rooms, files, removeMessage);
  const composer = new Composer(rooms, () => timeline.toEnd());
  const sidebar = new Sidebar(rooms, client, go);
  const people = new People(rooms, { kick, ban });
  new Notifications(rooms, files, go);
  showConnection(client);
  showTitle(rooms);
  let changingPassword = Promise.resolve();

  function show(slug) {
    timeline.rememberPlace();
    if (slug) rooms.open(slug);
    rooms.show(slug);
    byId("conversation").hidden = !slug;
    byId("nowhere").hidden = Boolean(slug);
    byId("room-name").textContent = slug ? `#${slug}` : "";
    composer.focus();
  }

  function follow() {
    const slug = slugInAddress();
    if (slug !== null && !SLUG.test(slug)) {
      toast(NO_ROOM);
      history.replaceState(null, "", rooms.current ? `#${rooms.current.slug}` : location.pathname);
      return;
    }
    show(slug);
  }

  function begin() {
    for (const known of remembered.rooms) if (SLUG.test(known.slug)) rooms.open(known.slug, { ...known, password: undefined });
    const asked = slugInAddress();
    const wanted = asked !== null && SLUG.test(asked) ? asked : rooms.get(remembered.last)?.slug ?? rooms.list[0]?.slug ?? FIRST_ROOM;
    if (asked !== null && asked !== wanted) toast(NO_ROOM);
    history.replaceState(null, "", `#${wanted}`);
    show(wanted);
    client.connect();
  }

  client.on("welcome", async () => {
    const me = await whoAmI().catch(() => null);
    if (me?.expires) client.expires(me.expires);
  });

  // The server wants this session no more. With a new password, or a cookie that another tab got, one may still come back.
  client.on("state", async ({ state, code, reason }) => {
    const ended = state === "closed" && endedWords(code, reason);
    if (!ended) return;
    await changingPassword.catch(() => {});
    if (reason === "password changed" && await whoAmI().catch(() => null)) client.connect();
    else enter({ problem: ended, mode: remembered.account ? "login" : "guest" });
  });

  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeunload", (event) => {
    if (client.state !== "closed" && (client.unsettled > 0 || files.busy)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (!sidebar.close() && matchMedia(NARROW).matches && !people.close()) composer.focus();
  });
  byId("shade").onclick = () => {
    sidebar.close();
    people.close();
  };
  byId("skip").onclick = () => byId("text").focus();
  byId("open-general").onclick = () => go(FIRST_ROOM);
  for (const id of ["browse", "browse-2"]) byId(id).onclick = () => openBrowse(rooms, go);
  byId("create").onclick = () => openCreate(rooms, go);
  byId("dialogs").addEventListener("click", ({ target }) => target.closest("a") && sidebar.close());
  byId("settings").onclick = () => openSettings(rooms, rooms.current);
  byId("to-date").onclick = () => openJump(rooms, timeline);
  byId("account").onclick = () => openAccount({
    enter: (mode) => enter({ mode, back: () => byId("account").focus() }),
    changing: (promise) => { changingPassword = promise; },
    gone: (words) => {
      client.close();
      remembered.forget();
      enter({ problem: words, mode: "login" });
    },
  });
  byId("invite").onclick = async () => {
    const link = new URL(`#${rooms.current.slug}`, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      toast(rooms.current.private ? `Copied: ${link} — who follows it needs the password too.` : `Copied: ${link}`);
    } catch {
      toast(`The link to this room: ${link}`);
    }
  };
  byId("leave").onclick = () => {
    const { slug } = rooms.current;
    files.leaveRoom(slug);
    rooms.leave(slug);
    const next = rooms.list[0]?.slug;
    if (next) location.hash = next;
    else history.replaceState(null, "", location.pathname);
    show(next ?? null);
    toast(`You left #${slug}.`);
  };
  takeFiles((list) => {
    const room = rooms.current;
    if (room?.state === "open") for (const file of list) files.offer(room, file);
  });

  begin();
}

if (remembered.nick && remembered.rooms.length > 0) {
  start();  // the cookie is still good, as a rule; else a new one is fetched when the server refuses it
} else {
  try {
    if (await whoAmI() === null) enter();
    else start();
  } catch (refusal) {
    enter({ problem: refusal.message });
  }
}
