// What this server allows, and its STUN and TURN servers; asked once.

import { api } from "./account.js";

const ALL = { guests: true, register: true, rooms_by_join: true, guests_create: true, ice_servers: [] };

let asked;

export function config() {
  asked ??= api.config().then((said) => ({ ...ALL, ...said }), () => {
    asked = undefined;  // again when it is needed next
    return ALL;
  });
  return asked;
}
