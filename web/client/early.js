// The WebSocket of a page whose visitor comes back: under way before the rest of the page is here. The SDK takes it for its first.

import { remembered } from "./remembered.js";

let underWay = remembered.returning ? open() : null;
const heard = [];  // before somebody listens

function open() {
  const url = new URL("ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  const socket = new WebSocket(url, ["roomcast.v1"]);
  socket.addEventListener("message", keep);
  return socket;
}

function keep({ data }) {
  heard.push(data);
}

/** Like WebSocket; the first that is asked for is the one that is under way, if it still is. */
export function EarlySocket(url, protocols) {
  const socket = underWay;
  underWay = null;
  if (!socket || socket.readyState > WebSocket.OPEN) return new WebSocket(url, protocols);
  socket.removeEventListener("message", keep);
  queueMicrotask(() => {
    for (const data of heard.splice(0)) socket.dispatchEvent(new MessageEvent("message", { data }));
  });
  return socket;
}
