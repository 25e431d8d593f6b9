// What tells of the connection and of news: the bar above the messages, the badge in the title.

import { byId } from "./dom.js";

const BAR_AFTER_MS = 700;  // a connection that is back sooner needs no word
const TICK_MS = 500;

export function showConnection(client) {
  const bar = byId("bar");
  const words = byId("bar-words");
  const now = byId("bar-now");
  let since = 0;
  let ticking;

  function render() {
    const { state, reason, retryAt } = client;
    byId("app").classList.toggle("stale", state !== "live");
    const trouble = state === "offline" || state === "recovering" || state === "closed";
    if (!trouble) since = 0;
    else if (!since) since = Date.now();
    const show = trouble && (state === "closed" || Date.now() - since >= BAR_AFTER_MS);
    bar.hidden = !show;
    if (trouble) ticking ??= setInterval(render, TICK_MS);
    else ticking = clearInterval(ticking);
    if (!show) return;
    const seconds = retryAt ? Math.ceil((retryAt - Date.now()) / 1000) : 0;
    const waiting = client.unsettled > 0 ? ` ${client.unsettled === 1 ? "One message waits and will be sent." : `${client.unsettled} messages wait and will be sent.`}` : "";
    let text;
    if (state === "closed") text = `Disconnected: ${reason}.`;
    else if (!navigator.onLine) text = `You are offline. Roomcast comes back by itself.${waiting}`;
    else if (state === "recovering") text = `Back in a moment, catching up…${waiting}`;
    else text = `The server cannot be reached. ${seconds > 0 ? `Next try in ${seconds} s.` : "Trying…"}${waiting}`;
    if (words.textContent !== text) words.textContent = text;
    now.hidden = state === "recovering";
    now.textContent = state === "closed" ? "Connect again" : "Try now";
    bar.className = `bar ${state}`;
  }

  now.onclick = () => (client.state === "closed" ? client.connect() : client.retryNow());
  client.on("state", render);
  render();
}

const ENDED = {
  "logged out": "You are logged out. Log in again to go on.",
  "password changed": "Your password was changed. Log in with the new one.",
  "account deleted": "This account was deleted.",
  "nick taken": "Somebody else uses that name by now. Choose another.",
};

const REFUSED = {
  bad_token: "Your session has ended. Log in again to go on.",
  name_taken: "Somebody else uses that name by now. Choose another.",
  forbidden: "This server lets nobody in like that any more.",
};

/** Where the server ended a session so that one must come in anew: why, in words; else undefined. */
export function endedWords(code, reason) {
  if (code === 4002) return ENDED[reason] ?? `The server ended your session: ${reason}.`;
  return REFUSED[code];
}

export function showTitle(rooms) {
  const render = () => {
    const unread = rooms.unread;
    document.title = `${unread > 0 ? `(${unread > 99 ? "99+" : unread}) ` : ""}${rooms.current ? `#${rooms.current.slug} · ` : ""}Roomcast`;
  };
  rooms.on("list", render);
  rooms.on("shown", render);
  render();
}
