// The page: who one is, then the client and the views on it. All that people wrote enters the document as text.

import { whoAmI } from "./account.js";
import { Composer } from "./composer.js";
import { byId, toast } from "./dom.js";
import { Files } from "./files/files.js";
import { takeFiles } from "./files/take.js";
import { People } from "./people.js";
import { remembered } from "./remembered.js";
import { SLUG } from "./room.js";
import { FIRST_ROOM, begin, client, rooms, slugInAddress } from "./session.js";
import { Sidebar } from "./sidebar.js";
import { endedWords, showConnection, showTitle } from "./status.js";
import { Timeline } from "./timeline.js";

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
const browse = () => import("./browse.js");
const settings = () => import("./settings.js");
const notifications = () => import("./notifications.js");
const [openBrowse, openCreate] = ["openBrowse", "openCreate"].map((name) => later(browse, name));
const [openSettings, removeMessage, kick, ban] = ["openSettings", "removeMessage", "kick", "ban"].map((name) => later(settings, name));
const openAccount = later(() => import("./account-dialog.js"), "openAccount");
const showEntry = later(() => import("./entry.js"), "showEntry", () => setTimeout(() => location.reload(), RELOAD_MS));
const startNotifying = later(notifications, "startNotifying", () => {});
const toggleNotifying = later(notifications, "toggleNotifying");
const openJump = later(() => import("./jump.js"), "openJump");

/** The entry; who comes from rooms that were open here begins anew after it. */
function enter(how = {}) {
  const asked = slugInAddress();
  showEntry({ ...how, room: asked !== null && SLUG.test(asked) ? asked : undefined, done: (slug) => {
    history.replaceState(null, "", `#${slug}`);
    if (rooms.current) location.reload();
    else start();
  } });
}

function start() {
  byId("enter").hidden = true;
  byId("app").hidden = false;
  begin();
  const go = (slug) => {
    if (location.hash === `#${slug}`) show(slug);
    else location.hash = slug;
  };
  const files = new Files(client, rooms, byId("preparing"));
  const timeline = new Timeline(rooms, files, removeMessage);
  const composer = new Composer(rooms, () => timeline.toEnd());
  const sidebar = new Sidebar(rooms, client, go);
  const people = new People(rooms, { kick, ban });
  showConnection(client);
  showTitle(rooms);
  let changingPassword = Promise.resolve();

  function show(slug) {
    timeline.rememberPlace();
    if (slug) rooms.open(slug);
    rooms.show(slug);
    showShown();
  }

  function showShown() {
    const slug = rooms.current?.slug;
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

  // When the cookie runs out only the server can tell; that is asked when all else is there.
  const keepFresh = async () => {
    const me = await whoAmI().catch(() => null);
    if (me?.expires) client.expires(me.expires);
  };

  // The server wants this session no more. With a new password, or a cookie that another tab got, one may still come back.
  const onState = async ({ state, code, reason }) => {
    if (state === "live") keepFresh();
    const ended = state === "closed" && endedWords(code, reason);
    if (!ended) return;
    await changingPassword.catch(() => {});
    if (reason === "password changed" && await whoAmI().catch(() => null)) client.connect();
    else enter({ problem: ended, mode: remembered.account ? "login" : "guest" });
  };
  client.on("state", onState);
  onState(client);

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
  if ("Notification" in window) {
    byId("notify").hidden = false;
    byId("notify").onclick = () => toggleNotifying(rooms, files, go);
    if (remembered.notify) startNotifying(rooms, files, go);
  }
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

  const asked = slugInAddress();
  const { slug } = rooms.current;
  if (asked !== null && asked !== slug) toast(NO_ROOM);
  history.replaceState(null, "", `#${slug}`);
  rooms.show(slug);  // once more, for the views
  showShown();
}

if (rooms.current) {
  start();
} else {
  try {
    if (await whoAmI() === null) enter();
    else start();
  } catch (refusal) {
    enter({ problem: refusal.message });
  }
}
