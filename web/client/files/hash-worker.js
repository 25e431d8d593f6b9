// Hashes off the page's thread: a whole file by `file`, or pieces by `add` and at last `end`. Answers { read } and { digest }.

import { Sha256 } from "./sha256.js";

const PIECE_BYTES = 4 * 1024 * 1024;
let hash = new Sha256();

async function hashFile(file) {
  try {
    for (let at = 0; at < file.size; at += PIECE_BYTES) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
      postMessage({ read: Math.min(at + PIECE_BYTES, file.size) });
    }
    postMessage({ digest: hash.digest() });
  } catch (error) {
    postMessage({ error: error.message });
  }
}

onmessage = ({ data }) => {
  if (data.file) {
    hashFile(data.file);
  } else if (data.add) {
    hash.update(new Uint8Array(data.add));
    postMessage({ hashed: data.add.byteLength });
  } else if (data.end) {
    postMessage({ digest: hash.digest() });
  }
};
