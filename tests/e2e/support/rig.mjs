// The SDK at a socket that the test speaks through.

import { after } from "node:test";
import { RoomcastClient } from "../../../web/sdk/roomcast.js";
import { until } from "./edge.mjs";

const clients = [];
after(() => { for (const client of clients) client.close(); });

/** A client and the sockets that it opens, oldest first. */
export function rig(options = {}) {
  const sockets = [];
  class Socket {
    readyState = 1;
    sent = [];
    constructor(url, protocols) {
      Object.assign(this, { url: String(url), protocols });
      sockets.push(this);
    }
    send(data) { this.sent.push(JSON.parse(data)); }
    close() { this.readyState = 3; }
    say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
    welcome() { this.say({ type: "welcome", session: "s", user: "ann", node: "n", heartbeat_s: 25 }); }
    joined(room, more = {}) { this.say({ type: "joined", room, epoch: "e1", first: 0, last: -1, members: 1, messages: [], ...more }); }
    end(code, reason = "") {
      this.readyState = 3;
      this.onclose({ code, reason });
    }
    texts() { return this.sent.filter(({ type }) => type === "message").map(({ text }) => text); }
  }
  const client = new RoomcastClient({ url: "wss://example.org/ws", WebSocket: Socket, network: new EventTarget(), ...options });
  clients.push(client);
  return { client, sockets, next: async (count) => until(() => sockets[count], `socket ${count} is opened`) };
}

export async function joinedRig(options) {
  const all = rig(options);
  all.client.connect();
  const socket = await all.next(0);
  socket.welcome();
  const joined = all.client.join("room");
  socket.joined("room");
  await joined;
  return { ...all, socket };
}
