// The files that this page offers and receives. Finds the other end by the room's members, and passes the signals on.

import { el, toast } from "../dom.js";
import { uuid } from "../sdk/ids.js";
import { sizeOf } from "../times.js";
import { Card } from "./card.js";
import { offerIn, offerText, tidyName } from "./offer.js";

const APP = "file/1";          // marks our signals among those of other programs
const RECEIVERS_MOST = 8;      // at a time, of one page

let transfer;  // the module that moves bytes, once it is needed

async function loadTransfer() {
  transfer ??= await import("./transfer.js");
}

export class Files {
  #client;
  #rooms;
  #offers = new Map();     // file id -> { id, room, file, uploads: Map of receiver's download id -> Upload }
  #downloads = new Map();  // card key -> { download, offer }
  #cards = new Map();      // card key -> Card, of the newest one made
  #preparing;

  constructor(client, rooms, preparing) {
    this.#client = client;
    this.#rooms = rooms;
    this.#preparing = preparing;
    client.on("signal", (frame) => this.#signalled(frame));
    client.on("error", ({ id, error }) => this.#notThere(id, error));
    client.on("left", ({ room }) => this.leaveRoom(room));
    rooms.on("people", ({ room }) => this.#peopleChanged(room));
  }

  /** Whether leaving the page would break something off. */
  get busy() {
    return [...this.#offers.values()].some(({ uploads }) => [...uploads.values()].some((upload) => upload.active)) ||
      [...this.#downloads.values()].some(({ download }) => download.active);
  }

  /** Reads a file through for its hash, then offers it to a room. */
  async offer(room, file) {
    const name = tidyName(file.name);
    const cancel = new AbortController();
    const bar = el("progress", { max: file.size || 1, value: 0, "aria-label": `Reading ${name}` });
    const row = el("div", { class: "preparing", role: "status" }, el("span", {}, `Reading ${name} (${sizeOf(file.size)})…`), bar,
      el("button", { type: "button", onclick: () => cancel.abort() }, "Cancel"));
    this.#preparing.append(row);
    try {
      await loadTransfer();
      const sha256 = await transfer.hashOfFile(file, (read) => { bar.value = read; }, cancel.signal);
      if (this.#rooms.get(room.slug) !== room) return;  // left meanwhile
      const id = uuid();
      this.#offers.set(id, { id, room: room.slug, file, uploads: new Map() });
      this.#rooms.say(room, offerText({ id, name, size: file.size, sha256 }));
    } catch (error) {
      if (error.name !== "AbortError") toast(`${name} cannot be offered: it could not be read. Folders cannot be sent; pack them first.`);
    } finally {
      row.remove();
    }
  }

  /** What a text offers, in short, or null. */
  nameIn(text) {
    const offer = offerIn(text);
    return offer && `📎 ${offer.name} (${sizeOf(offer.size)})`;
  }

  /** The card of a message that offers a file, or null. */
  card(message) {
    const offer = offerIn(message.text);
    if (!offer) return null;
    const key = `${message.room} ${message.seq}`;
    const own = message.user === this.#rooms.user ? this.#offers.get(offer.id) : undefined;
    const card = new Card({ ...offer, user: message.user }, {
      mine: message.user === this.#rooms.user,
      own: own?.room === message.room ? own : null,
      download: () => this.#downloads.get(key)?.download,
      receive: () => this.#receive(key, message.room, { ...offer, user: message.user }),
      withdraw: () => this.#withdraw(offer.id),
      isWithdrawn: () => !this.#offers.has(offer.id),
    });
    this.#cards.set(key, { card, fileId: offer.id });
    return card.element;
  }

  /** Ends all that is on its way in a room, while signals still pass. */
  leaveRoom(slug) {
    for (const offer of [...this.#offers.values()]) if (offer.room === slug) this.#withdraw(offer.id);
    for (const { download, offer } of this.#downloads.values()) {
      if (offer.room !== slug || (!download.active && download.state !== "paused")) continue;
      download.cancel("You left the room, so the file stopped coming.");
    }
  }

  async #receive(key, room, offer) {
    let sink;
    try {
      await loadTransfer();
      sink = await transfer.chooseSink(offer);
    } catch (error) {
      toast(`${error.message}.`);
      return;
    }
    if (!sink) return;
    const changed = () => this.#render(key);
    const download = new transfer.Download(offer, sink, async (want) => {
      const there = this.#rooms.get(room);
      if (there) await this.#rooms.crowd.refresh(there);
      const sessions = this.#sessionsOf(room, offer.user);
      for (const session of sessions) this.#signal(room, session, { k: "want", file: offer.id, ...want }, `${want.t}`);
      return sessions;
    }, (session, data) => this.#signal(room, session, data), () => queueMicrotask(changed));
    this.#downloads.set(key, { download, offer: { ...offer, room } });
    changed();
  }

  #sessionsOf(slug, user) {
    const members = this.#rooms.get(slug)?.members ?? new Map();
    return [...members].filter(([session, name]) => name === user && session !== this.#client.session).map(([session]) => session);
  }

  #signal(room, to, data, id) {
    this.#client.signal(room, to, { app: APP, ...data }, id);
  }

  #signalled({ room, from, user, data }) {
    if (data?.app !== APP) return;
    if (data.k === "want") {
      this.#wanted(room, from, user, data);
      return;
    }
    for (const offer of this.#offers.values()) {
      if (offer.room !== room) continue;
      for (const [id, upload] of offer.uploads) {
        if (upload.session !== from) continue;
        if (data.k === "rtc" && data.t === upload.attempt) upload.take(data);
        if (data.k === "cancel" && data.d === id) upload.end("cancelled");
      }
    }
    for (const { download, offer } of this.#downloads.values()) {
      if (offer.room === room && data.t === download.attempt) download.take(from, data);
    }
  }

  #wanted(room, from, user, { file, d, t, from: start }) {
    const offer = this.#offers.get(file);
    const refuse = (why) => this.#signal(room, from, { k: "no", t, why });
    if (!offer || offer.room !== room) {
      refuse("unknown");
      return;
    }
    if (typeof d !== "string" || typeof t !== "string" || !Number.isSafeInteger(start) || start < 0 || start > offer.file.size) return;
    const before = offer.uploads.get(d);
    if (before && before.user !== user) return;
    let active = 0;
    for (const { uploads } of this.#offers.values()) for (const upload of uploads.values()) if (upload.active && upload !== before) active++;
    if (active >= RECEIVERS_MOST) {
      refuse("busy");
      return;
    }
    before?.end("broken");
    const upload = new transfer.Upload(offer.file, user, { t, from: start },
      (data) => this.#signal(room, from, { k: "rtc", t, ...data }), () => queueMicrotask(() => this.#renderOffer(file)));
    upload.session = from;
    offer.uploads.set(d, upload);
    this.#renderOffer(file);
  }

  #withdraw(id) {
    const offer = this.#offers.get(id);
    if (!offer) return;
    this.#offers.delete(id);
    for (const upload of offer.uploads.values()) {
      if (!upload.active) continue;
      this.#signal(offer.room, upload.session, { k: "withdrawn", t: upload.attempt });
      upload.end("cancelled");
    }
    this.#renderOffer(id);
  }

  /** A wish went to a session that is gone. */
  #notThere(id, error) {
    if (error.code !== "not_found") return;
    for (const { download } of this.#downloads.values()) if (download.attempt === id) download.unreachable();
  }

  /** Somebody came: maybe who has the rest of a file. */
  #peopleChanged(room) {
    for (const { download, offer } of this.#downloads.values()) {
      if (offer.room !== room.slug || download.state !== "paused") continue;
      const there = this.#sessionsOf(room.slug, offer.user).join();
      if (there !== "" && there !== download.triedWith) {
        download.triedWith = there;
        download.begin();
      }
    }
  }

  #render(key) {
    this.#cards.get(key)?.card.render();
  }

  #renderOffer(fileId) {
    for (const { card, fileId: id } of this.#cards.values()) if (id === fileId) card.render();
  }
}
