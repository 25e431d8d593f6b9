// What this browser remembers between visits: the name, the rooms that were open, and how far each was read. Passwords of rooms
// it remembers until the tab is closed.

const KEY = "roomcast";

function load(storage) {
  try {
    const kept = JSON.parse(storage().getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
  } catch {
    return {};
  }
}

// Behind functions, as a browser that lets nothing be kept throws on the mere mention.
const forLong = () => localStorage;
const forTheTab = () => sessionStorage;

const kept = load(forLong);
const passwords = load(forTheTab);

function save(storage = forLong, what = kept) {
  try {
    storage().setItem(KEY, JSON.stringify(what));
  } catch {
    // Then it is for this visit only.
  }
}

export const remembered = {
  get nick() {
    return typeof kept.nick === "string" ? kept.nick : "";
  },
  set nick(nick) {
    kept.nick = nick;
    save();
  },
  /** Whether the name is an account's, not a guest's. */
  get account() {
    return kept.account === true;
  },
  set account(on) {
    kept.account = on;
    save();
  },
  get notify() {
    return kept.notify === true;
  },
  set notify(on) {
    kept.notify = on;
    save();
  },
  get last() {
    return typeof kept.last === "string" ? kept.last : "";
  },
  set last(slug) {
    kept.last = slug;
    save();
  },
  /** Whether there are a name and rooms to come back to. */
  get returning() {
    return this.nick !== "" && this.rooms.length > 0;
  },
  passwordOf(slug) {
    return typeof passwords[slug] === "string" ? passwords[slug] : undefined;
  },
  setPassword(slug, password) {
    if (passwords[slug] === password) return;
    passwords[slug] = password;
    save(forTheTab, passwords);
  },
  /** Another person at the same browser sees nothing of this one's. */
  forget() {
    for (const key of Object.keys(kept)) delete kept[key];
    for (const key of Object.keys(passwords)) delete passwords[key];
    save();
    save(forTheTab, passwords);
  },
  /** [{ slug, epoch?, read?, title? }] */
  get rooms() {
    return Array.isArray(kept.rooms) ? kept.rooms.filter((room) => typeof room?.slug === "string") : [];
  },
  set rooms(rooms) {
    kept.rooms = rooms;
    save();
  },
};
