// One WebRTC connection with one data channel, whose two ends find each other by signals.

import { config } from "../config.js";

const CANDIDATES_TOGETHER_MS = 50;
const CONNECT_DEADLINE_MS = 20_000;

/** With the server's STUN and TURN servers. */
async function rtcConfiguration() {
  const { ice_servers: iceServers } = await config();
  return { iceServers: Array.isArray(iceServers) ? iceServers : [] };
}

export class Peer {
  #signal;
  #connection = null;
  #channel = null;
  #early = [];        // signals that came before there was something to give them to
  #candidates = [];
  #timer = null;
  #deadline;
  #ended = false;
  onopen = () => {};
  onmessage = () => {};
  onlow = () => {};
  /** Once: the connection broke, or never came about. */
  onend = () => {};

  /** @param signal passes { sdp } or { candidates } to the other end */
  constructor(signal) {
    this.#signal = signal;
    this.#deadline = setTimeout(() => this.#break(), CONNECT_DEADLINE_MS);
  }

  get channel() {
    return this.#channel;
  }

  /** The end that opens the channel. */
  async call() {
    await this.#prepare();
    if (this.#ended) return;
    this.#adopt(this.#connection.createDataChannel("file"));
    await this.#connection.setLocalDescription();
    this.#signal({ sdp: this.#connection.localDescription.toJSON() });
    this.#drainEarly();
  }

  /** The end that is called. */
  async wait() {
    await this.#prepare();
    if (this.#ended) return;
    this.#connection.ondatachannel = ({ channel }) => this.#adopt(channel);
    this.#drainEarly();
  }

  async take(data) {
    if (this.#ended) return;
    if (!this.#connection || (data.candidates && !this.#connection.remoteDescription)) {
      this.#early.push(data);
      return;
    }
    try {
      if (data.sdp) {
        await this.#connection.setRemoteDescription(data.sdp);
        if (data.sdp.type === "offer") {
          await this.#connection.setLocalDescription();
          this.#signal({ sdp: this.#connection.localDescription.toJSON() });
        }
        this.#drainEarly();
      }
      for (const candidate of data.candidates ?? []) await this.#connection.addIceCandidate(candidate);
    } catch {
      this.#break();
    }
  }

  close() {
    this.#ended = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#timer);
    this.#channel?.close();
    // What was sent last should still leave: a channel's close is orderly, a connection's is not.
    const connection = this.#connection;
    if (connection) setTimeout(() => connection.close(), 1_000);
  }

  async #prepare() {
    const connection = new RTCPeerConnection(await rtcConfiguration());
    if (this.#ended) {
      connection.close();
      return;
    }
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      this.#candidates.push(candidate.toJSON());
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#signal({ candidates: this.#candidates.splice(0) });
      }, CANDIDATES_TOGETHER_MS);
    };
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed" || connection.connectionState === "closed") this.#break();
    };
  }

  #adopt(channel) {
    this.#channel = channel;
    channel.binaryType = "arraybuffer";
    channel.onopen = () => {
      clearTimeout(this.#deadline);
      this.onopen();
    };
    channel.onmessage = ({ data }) => !this.#ended && this.onmessage(data);
    channel.onbufferedamountlow = () => this.onlow();
    channel.onclose = () => this.#break();
    channel.onerror = () => this.#break();
    if (channel.readyState === "open") channel.onopen();
  }

  #drainEarly() {
    for (const data of this.#early.splice(0)) this.take(data);
  }

  #break() {
    if (this.#ended) return;
    this.close();
    this.onend();
  }
}
