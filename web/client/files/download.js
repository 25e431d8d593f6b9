// A file on its way here. Survives broken channels: what has been put away stays, and the next channel goes on from there.

import { uuid } from "../sdk/ids.js";
import { Hasher } from "./hasher.js";
import { Meter } from "./meter.js";
import { Peer } from "./peer.js";

const HAVE_EVERY_BYTES = 1024 * 1024;
const ANSWER_DEADLINE_MS = 8_000;
const STALL_MS = 15_000;
const AGAIN_MS = 1_000;
const AGAIN_MOST = 6;  // times in a row without a byte

export class Download {
  #offer;
  #sink;
  #hasher = new Hasher();
  #changed;
  #ask;
  #peer = null;
  #asked = new Map();   // session -> true while it has not answered
  #source = null;       // the session that sends
  #writing = Promise.resolve();
  #taken = 0;           // came in, put away or about to be
  #told = 0;
  #timer = null;
  #fruitless = 0;
  #unreached = 0;
  state = "asking";     // connecting, receiving, waiting, paused, checking, done, failed, cancelled
  words = "";
  done = 0;             // put away
  saveAgain = null;
  meter = new Meter();
  attempt = "";
  id = uuid();

  /**
   * @param ask sends the wish to all sessions of the sender, and promises them: ({ d, t, from }) => sessions
   * @param signal passes data to one session: (session, data)
   */
  constructor(offer, sink, ask, signal, changed) {
    this.#offer = offer;
    this.#sink = sink;
    this.#ask = ask;
    this.signal = signal;
    this.#changed = changed;
    this.begin();
  }

  get active() {
    return !["done", "failed", "cancelled", "paused"].includes(this.state);
  }

  get size() {
    return this.#offer.size;
  }

  /** Asks for the file, or for the rest of it. */
  async begin() {
    clearTimeout(this.#timer);
    this.#peer?.close();
    this.#peer = null;
    this.#source = null;
    this.attempt = uuid();
    this.meter.reset();
    this.#unreached = 0;
    this.#become("asking");
    const { attempt } = this;
    const sessions = await this.#ask({ d: this.id, t: attempt, from: this.done });
    if (attempt !== this.attempt || this.state !== "asking") return;
    this.#asked = new Map(sessions.map((session) => [session, true]));
    if (sessions.length === 0) {
      this.#pause(`${this.#offer.user} is not here. Once they are back with the file, you can go on.`);
      return;
    }
    this.#timer = setTimeout(() => this.#broken(), ANSWER_DEADLINE_MS);
  }

  /** A signal for the present attempt. */
  take(session, data) {
    if (!this.active) return;
    if (data.k === "no" && !this.#source) {
      if (!this.#asked.delete(session)) return;
      if (data.why === "busy") this.#wait(3_000, "The sender is busy with others; waiting for a free place.");
      else if (this.#asked.size === 0) this.#pause(`${this.#offer.user} no longer offers this file; their page was closed or loaded anew.`);
    } else if (data.k === "withdrawn" && (session === this.#source || this.#asked.has(session))) {
      this.#fail(`${this.#offer.user} stopped offering this file.`);
    } else if (data.sdp || data.candidates) {
      // The first to call is the source; what others send is not listened to, and the hash would tell anyway.
      if (!this.#asked.has(session)) return;
      if (!this.#source) this.#connectTo(session);
      if (session === this.#source) this.#peer.take(data);
    }
  }

  cancel(words = "You cancelled this.") {
    if (this.state === "done") return;
    this.#say({ k: "cancel" });
    if (this.#source) this.signal(this.#source, { k: "cancel", d: this.id });
    else for (const session of this.#asked.keys()) this.signal(session, { k: "cancel", d: this.id });
    this.#end("cancelled", words);
  }

  /** A wish went to a session that is gone. */
  unreachable() {
    if (this.state !== "asking" || ++this.#unreached < this.#asked.size) return;
    this.#pause(`${this.#offer.user} is not here. Once they are back with the file, you can go on.`);
  }

  #connectTo(session) {
    clearTimeout(this.#timer);
    this.#source = session;
    const attempt = this.attempt;
    const peer = new Peer((data) => this.signal(session, { k: "rtc", t: attempt, ...data }));
    this.#peer = peer;
    this.#taken = this.done;
    this.#told = this.done;
    peer.onopen = () => {
      this.#become("receiving");
      this.#watchForStall();
    };
    peer.onmessage = (data) => this.#hear(peer, data);
    peer.onend = () => this.#broken();
    this.#become("connecting");
    peer.wait().catch(() => this.#broken());
  }

  #hear(peer, data) {
    if (peer !== this.#peer || !this.active) return;
    if (typeof data !== "string") {
      this.#taken += data.byteLength;
      if (this.#taken > this.#offer.size) {
        this.#say({ k: "damaged" });
        this.#fail("More came than the file holds. It was not saved.");
        return;
      }
      this.#writing = this.#writing.then(() => this.#put(data));
      this.#watchForStall();
      return;
    }
    let said;
    try {
      said = JSON.parse(data);
    } catch {
      return;
    }
    if (said.k === "end") {
      clearTimeout(this.#timer);
      this.#writing = this.#writing.then(() => this.#check());
    } else if (said.k === "unreadable") {
      this.#fail("The sender's file was changed or moved, so it cannot be read any more.");
    }
  }

  async #put(buffer) {
    if (!this.active) return;
    const bytes = buffer.byteLength;
    try {
      await this.#sink.write(buffer);
    } catch (error) {
      this.#say({ k: "cancel" });
      this.#fail(`It could not be saved: ${error.message}.`);
      return;
    }
    await this.#hasher.add(buffer);
    this.done += bytes;
    this.#fruitless = 0;
    this.meter.at(this.done);
    if (this.done - this.#told >= HAVE_EVERY_BYTES || this.done === this.#offer.size) {
      this.#told = this.done;
      this.#say({ k: "have", at: this.done });
    }
    this.#changed();
  }

  async #check() {
    if (!this.active) return;
    this.#become("checking");
    if (this.done !== this.#offer.size) {
      this.#say({ k: "damaged" });
      this.#fail("It ended too early. It was not saved.");
      return;
    }
    if (await this.#hasher.digest() !== this.#offer.sha256) {
      this.#say({ k: "damaged" });
      this.#fail("What came is not the file that was offered: its SHA-256 is another. It was not saved.");
      return;
    }
    try {
      this.saveAgain = await this.#sink.finish();
    } catch (error) {
      this.#fail(`It could not be saved: ${error.message}.`);
      return;
    }
    this.#say({ k: "good" });
    this.#sink = null;
    this.#end("done", "Saved. Its SHA-256 is right.");
  }

  #watchForStall() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#broken(), STALL_MS);
  }

  /** The channel is gone: what came is put away first, then the rest is asked for. */
  #broken() {
    clearTimeout(this.#timer);
    if (!this.active || this.state === "checking") return;
    const peer = this.#peer;
    peer?.close();
    this.#writing = this.#writing.then(() => {
      if (!this.active || peer !== this.#peer) return;
      if (this.#fruitless++ >= AGAIN_MOST) this.#pause(`No connection to ${this.#offer.user} could be made. Their network or yours may not allow it.`);
      else this.#wait(AGAIN_MS * this.#fruitless, "The connection broke; trying again.");
    });
  }

  #wait(ms, words) {
    clearTimeout(this.#timer);
    this.#become("waiting", words);
    this.#timer = setTimeout(() => this.active && this.begin(), ms);
  }

  #pause(words) {
    clearTimeout(this.#timer);
    this.#peer?.close();
    this.#fruitless = 0;
    this.#become("paused", words);
  }

  #fail(words) {
    this.#end("failed", words);
  }

  #end(state, words) {
    clearTimeout(this.#timer);
    this.#become(state, words);
    this.#peer?.close();
    this.#hasher.end();
    this.#sink?.discard();
    this.#sink = null;
  }

  #become(state, words = "") {
    this.state = state;
    this.words = words;
    this.#changed();
  }

  #say(message) {
    const channel = this.#peer?.channel;
    if (channel?.readyState === "open") channel.send(JSON.stringify(message));
  }
}
