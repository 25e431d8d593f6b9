// The connection and the rooms, at work while the views are still on their way: who comes back to their rooms has the messages as
// soon as the page can show them. Knows the address, and no document.

import { api, renew } from "./account.js";
import { EarlySocket } from "./early.js";
import { remembered } from "./remembered.js";
import { SLUG } from "./room.js";
import { Rooms } from "./rooms.js";
import { RoomcastClient } from "./sdk/roomcast.js";

export const FIRST_ROOM = "general";

export const client = new RoomcastClient({ WebSocket: EarlySocket, renew, refresh: () => api.refresh() });
export const rooms = new Rooms(client);

/** What the address asks for, a room's name or not; null where it asks for nothing. */
export function slugInAddress() {
  const text = location.hash.slice(1);
  try {
    return text === "" ? null : decodeURIComponent(text);
  } catch {
    return text;  // not an encoded name; then it is none that can be opened either
  }
}

/** Opens the rooms of last time and the one that is to be shown, and connects. */
export function begin() {
  if (rooms.current) return;
  for (const known of remembered.rooms) if (SLUG.test(known.slug)) rooms.open(known.slug, { ...known, password: undefined });
  const asked = slugInAddress();
  const wanted = asked !== null && SLUG.test(asked) ? asked : rooms.get(remembered.last)?.slug ?? rooms.list[0]?.slug ?? FIRST_ROOM;
  rooms.open(wanted);
  rooms.show(wanted);
  client.connect();
}

// The cookie is still good, as a rule; else a new one is fetched when the server refuses it.
if (remembered.returning) begin();
