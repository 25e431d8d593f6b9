// A file on its way to one receiver. Never has more than WINDOW_BYTES out that the receiver has not put away.

import { Meter } from "./meter.js";
import { Peer } from "./peer.js";

const READ_BYTES = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const BUFFER_HIGH_BYTES = 4 * 1024 * 1024;
const BUFFER_LOW_BYTES = 1024 * 1024;
const WINDOW_BYTES = 16 * 1024 * 1024;

export class Upload {
  #file;
  #peer;
  #wake = () => {};
  #changed;
  state = "connecting";  // sending, checking, done, damaged, broken, cancelled, unreadable
  meter = new Meter();

  /** `want` is the receiver's signal: { d, t, from } */
  constructor(file, user, want, signal, changed) {
    this.#file = file;
    this.user = user;
    this.attempt = want.t;
    this.from = want.from;
    this.done = want.from;  // what the receiver has put away
    this.#changed = changed;
    this.#peer = new Peer(signal);
    this.#peer.onopen = () => this.#pump();
    this.#peer.onlow = () => this.#wake();
    this.#peer.onmessage = (data) => this.#hear(data);
    this.#peer.onend = () => this.#become("broken");
    this.#peer.call().catch(() => this.#become("broken"));
  }

  get active() {
    return this.state === "connecting" || this.state === "sending" || this.state === "checking";
  }

  get size() {
    return this.#file.size;
  }

  take(data) {
    this.#peer.take(data);
  }

  end(state) {
    this.#become(state);
    this.#peer.close();
  }

  async #pump() {
    const channel = this.#peer.channel;
    channel.bufferedAmountLowThreshold = BUFFER_LOW_BYTES;
    this.#become("sending");
    let sent = this.from;
    try {
      while (sent < this.#file.size && this.active) {
        const read = new Uint8Array(await this.#file.slice(sent, sent + READ_BYTES).arrayBuffer());
        if (read.length === 0) throw new DOMException("the file became shorter", "NotReadableError");
        for (let at = 0; at < read.length; at += CHUNK_BYTES) {
          while (this.active && (channel.bufferedAmount > BUFFER_HIGH_BYTES || sent - this.done > WINDOW_BYTES)) {
            await new Promise((resolve) => { this.#wake = resolve; });
          }
          if (!this.active) return;
          const chunk = read.subarray(at, at + CHUNK_BYTES);
          channel.send(chunk);
          sent += chunk.length;
        }
      }
      if (!this.active) return;
      channel.send('{"k":"end"}');
      this.#become("checking");
    } catch (error) {
      if (!this.active) return;
      // The channel broke while it was written to, or the file changed or went away since it was chosen.
      const unreadable = error instanceof DOMException && error.name.startsWith("Not");
      if (unreadable && channel.readyState === "open") channel.send('{"k":"unreadable"}');
      this.end(unreadable ? "unreadable" : "broken");
    }
  }

  #hear(data) {
    let said;
    try {
      said = JSON.parse(data);
    } catch {
      return;
    }
    if (said.k === "have" && Number.isSafeInteger(said.at) && said.at >= this.done && said.at <= this.#file.size) {
      this.done = said.at;
      this.meter.at(said.at);
      this.#wake();
      this.#changed();
    } else if (said.k === "good") {
      this.done = this.#file.size;
      this.end("done");
    } else if (said.k === "damaged") {
      this.end("damaged");
    } else if (said.k === "cancel") {
      this.end("cancelled");
    }
  }

  #become(state) {
    if (!this.active) return;
    this.state = state;
    this.#wake();
    this.#changed();
  }
}
