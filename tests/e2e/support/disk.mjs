// Files that are offered, and the ways in which pages of the tests can save them.

import { createHash, randomBytes } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from "node:fs";
import path from "node:path";

export const MB = 1_000_000;

/** A file of random bytes in the server's folder: { path, sha256 }. */
export function makeFile(edge, name, bytes) {
  mkdirSync(path.join(edge.dir, "files"), { recursive: true });
  const file = path.join(edge.dir, "files", name);
  const out = openSync(file, "w");
  const hash = createHash("sha256");
  for (let left = bytes; left > 0;) {
    const piece = randomBytes(Math.min(left, 8 * MB));
    hash.update(piece);
    writeSync(out, piece);
    left -= piece.length;
  }
  closeSync(out);
  return { path: file, sha256: hash.digest("hex") };
}

export async function hashOf(file) {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest("hex");
}

/** Scripts for pages, run one after the other before the page's own. */
export const scripts = (...functions) => ({ content: functions.map((script) => `(${script})();`).join("\n") });

// A headless browser has no dialog to pick a place by: pages get the way of browsers without one.
export const withoutPicker = () => { delete window.showSaveFilePicker; };

// A disk that a test can look into: counts what is written, and may be as slow as is said.
export const withFakePicker = () => {
  window.disk = { bytes: 0, state: "open", delayMs: 0 };
  window.showSaveFilePicker = async () => {
    Object.assign(window.disk, { bytes: 0, state: "open" });
    return { createWritable: async () => ({
      async write(buffer) {
        const { disk } = window;
        if (disk.delayMs) await new Promise((resolve) => { setTimeout(resolve, disk.delayMs); });
        disk.bytes += buffer.byteLength;
      },
      async close() { window.disk.state = "closed"; },
      async abort() { window.disk.state = "aborted"; },
    }) };
  };
};

// Keeps the page's peer connections in reach, so that a test can break them.
export const withPeersInReach = () => {
  const Real = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Real {
    constructor(...given) {
      super(...given);
      window.peers.push(this);
    }
  };
};

export const receive = (person) => person.page.click(".card >> text=/^Receive/");
export const cardSays = (person, words, timeout = 120_000) => person.page.waitForSelector(`.card >> text=${words}`, { timeout });
export const farAs = (person, part) => person.page.waitForFunction((least) => document.querySelector(".card progress")?.value > least, part, { timeout: 120_000 });
