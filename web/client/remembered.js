// What this browser remembers between visits: the name, the rooms that were open, and how far each was read.

const KEY = "roomcast";

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
  } catch {
    return {};
  }
}

const kept = load();

function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A browser that lets nothing be kept: then it is for this visit only.
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
  /** [{ slug, epoch?, read? }] */
  get rooms() {
    return Array.isArray(kept.rooms) ? kept.rooms.filter((room) => typeof room?.slug === "string") : [];
  },
  set rooms(rooms) {
    kept.rooms = rooms;
    save();
  },
};
