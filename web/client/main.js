// The page: who one is, then the client and the views on it. All that people wrote enters the document as text.

import { becomeGuest, whoAmI } from "./account.js";
import { Composer } from "./composer.js";
import { byId, toast } from "./dom.js";
import { Files } from "./files/files.js";
import { People } from "./people.js";
import { remembered } from "./remembered.js";
import { Rooms, SLUG } from "./rooms.js";
import { RoomcastClient } from "./sdk/roomcast.js";
import { Sidebar, slugOf } from "./sidebar.js";
import { Notifications, showConnection, showTitle } from "./status.js";
import { Timeline } from "./timeline.js";

const FIRST_ROOM = "general";

let started = null;  // once there is a client: how it is begun anew

function slugInAddress() {
  let text = location.hash.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // not an encoded name; then it is none that can be opened either
  }
  return text === "" ? null : text;
}

/** Asks for a name and a room. */
function showEntry(problem) {
  byId("app").hidden = true;
  byId("enter").hidden = false;
  const error = byId("enter-error");
  const say = (words) => {
    error.textContent = words;
    error.hidden = words === "";
  };
  say(problem ?? "");
  byId("nick").value = remembered.nick;
  const asked = slugInAddress();
  if (asked !== null && SLUG.test(asked)) byId("first-room").value = asked;
  byId("nick").focus();
  byId("enter-back").hidden = started === null;
  byId("enter-back").onclick = () => {
    byId("enter").hidden = true;
    byId("app").hidden = false;
    byId("change-nick").focus();
  };
  byId("enter-form").onsubmit = async (event) => {
    event.preventDefault();
    const slug = slugOf(byId("first-room").value);
    if (slug === null) {
      say("A room's name is made of a–z, 0–9, - and _, and begins with a letter or digit.");
      byId("first-room").focus();
      return;
    }
    try {
      remembered.nick = await becomeGuest(byId("nick").value.trim());
      say("");
    } catch (refusal) {
      say(refusal.code === "bad_nick" ? "That name does not work: it needs 1 to 64 bytes and no control characters." : refusal.message);
      byId("nick").focus();
      return;
    }
    history.replaceState(null, "", `#${slug}`);
    showRooms();
  };
}

/** The cookie may have run out: a guest gets a new one under the same name. */
async function renew() {
  if (await whoAmI() === null && remembered.nick) await becomeGuest(remembered.nick);
}

function showRooms() {
  byId("enter").hidden = true;
  byId("app").hidden = false;
  if (started) {
    started.restart();
    return;
  }
  const client = new RoomcastClient({ renew });
  const rooms = new Rooms(client);
  const go = (slug) => {
    if (location.hash === `#${slug}`) show(slug);
    else location.hash = slug;
  };
  const files = new Files(client, rooms, byId("preparing"));
  const timeline = new Timeline(rooms, files);
  const composer = new Composer(rooms, () => timeline.toEnd());
  const sidebar = new Sidebar(rooms, client, go);
  const people = new People(rooms);
  new Notifications(rooms, files, go);
  showConnection(client, () => started.restart());
  showTitle(rooms);

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
      toast("That link does not name a room. Names are made of a–z, 0–9, - and _.");
      history.replaceState(null, "", rooms.current ? `#${rooms.current.slug}` : location.pathname);
      return;
    }
    show(slug);
  }

  function begin() {
    for (const known of remembered.rooms) if (SLUG.test(known.slug)) rooms.open(known.slug, known);
    const asked = slugInAddress();
    const wanted = asked !== null && SLUG.test(asked) ? asked : rooms.get(remembered.last)?.slug ?? rooms.list[0]?.slug ?? FIRST_ROOM;
    if (asked !== null && asked !== wanted) toast("That link does not name a room. Names are made of a–z, 0–9, - and _.");
    history.replaceState(null, "", `#${wanted}`);
    show(wanted);
    client.connect();
  }

  started = {
    restart() {
      client.close("changing the name");
      location.reload();
    },
  };

  window.addEventListener("hashchange", follow);
  window.addEventListener("beforeunload", (event) => {
    if (client.unsettled > 0 || files.busy) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("date-dialog").open) return;
    if (!sidebar.close() && matchMedia("(max-width: 75rem)").matches && !people.close()) composer.focus();
  });
  byId("shade").onclick = () => {
    sidebar.close();
    people.close();
  };
  byId("skip").onclick = () => byId("text").focus();
  byId("open-general").onclick = () => go(FIRST_ROOM);
  byId("change-nick").onclick = () => showEntry();
  byId("invite").onclick = async () => {
    const link = new URL(`#${rooms.current.slug}`, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      toast(`Copied: ${link}`);
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

  const dialog = byId("date-dialog");
  byId("to-date").onclick = () => {
    byId("date").max = new Date().toLocaleDateString("sv");  // the Swedish write dates as ISO does
    dialog.showModal();
  };
  byId("date-cancel").onclick = () => dialog.close();
  byId("date-form").onsubmit = async () => {
    const date = new Date(`${byId("date").value}T00:00:00`);
    const room = rooms.current;
    if (!room || Number.isNaN(date.getTime())) return;
    try {
      const seq = await rooms.toTime(room, date);
      if (seq === false) toast("Nothing has been said since then.");
      else timeline.toSeq(seq);
    } catch (refusal) {
      toast(`That did not work: ${refusal.message}.`);
    }
  };

  begin();
}

/** Files by the button, by dropping, by pasting. */
function takeFiles(offer) {
  const input = byId("file");
  byId("attach").onclick = () => input.click();
  input.onchange = () => {
    offer([...input.files]);
    input.value = "";
  };
  const area = byId("conversation");
  const drop = byId("drop");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  area.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  area.addEventListener("dragleave", (event) => {
    if (!area.contains(event.relatedTarget)) drop.hidden = true;
  });
  area.addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    offer([...event.dataTransfer.files]);
  });
  byId("text").addEventListener("paste", (event) => {
    // Office programs put a picture of the text beside it: then the text is meant.
    if (!event.clipboardData?.files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    offer([...event.clipboardData.files]);
  });
}

if (remembered.nick && remembered.rooms.length > 0) {
  showRooms();  // the cookie is still good, as a rule; else a new one is fetched when the server refuses it
} else {
  try {
    const user = await whoAmI();
    remembered.nick = user ?? remembered.nick;
    if (user === null) showEntry();
    else showRooms();
  } catch (refusal) {
    showEntry(refusal.message);
  }
}
