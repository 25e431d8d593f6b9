// SHA-256 (FIPS 180-4) of a stream. WebCrypto has it for whole buffers only, and a file may be larger than memory.

const BLOCK_BYTES = 64;

/** The first 32 bits of the fractional parts of the n-th root of the first primes, which the standard takes its constants from. */
function rootsOfPrimes(count, root) {
  const out = new Int32Array(count);
  let found = 0;
  for (let n = 2; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (prime) out[found++] = fraction32(n, root);
  }
  return out;
}

/** By whole numbers: a double's cube root is not exact enough to rely on. */
function fraction32(n, root) {
  const scale = 32n;
  const target = BigInt(n) << (scale * BigInt(root));
  let low = 0n;
  let high = BigInt(n) << scale;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** BigInt(root) <= target) low = middle;
    else high = middle - 1n;
  }
  return Number(low & 0xffffffffn) | 0;
}

const START = rootsOfPrimes(8, 2);
const K = rootsOfPrimes(64, 3);

export class Sha256 {
  #state = START.slice();
  #words = new Int32Array(64);
  #rest = new Uint8Array(BLOCK_BYTES);
  #restBytes = 0;
  #bytes = 0;

  /** @param {Uint8Array} data */
  update(data) {
    this.#bytes += data.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK_BYTES - this.#restBytes, data.length);
      this.#rest.set(data.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < BLOCK_BYTES) return this;
      this.#blocks(this.#rest, 0, BLOCK_BYTES);
      this.#restBytes = 0;
    }
    const end = at + Math.floor((data.length - at) / BLOCK_BYTES) * BLOCK_BYTES;
    this.#blocks(data, at, end);
    this.#rest.set(data.subarray(end));
    this.#restBytes = data.length - end;
    return this;
  }

  /** Lower-case hexadecimal; ends this one's use. */
  digest() {
    const padding = new Uint8Array(this.#restBytes < 56 ? 64 - this.#restBytes : 128 - this.#restBytes);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(this.#bytes / 2 ** 29));
    view.setUint32(padding.length - 4, (this.#bytes % 2 ** 29) * 8);
    this.update(padding);
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #blocks(data, from, to) {
    const w = this.#words;
    const h = this.#state;
    let h0 = h[0], h1 = h[1], h2 = h[2], h3 = h[3], h4 = h[4], h5 = h[5], h6 = h[6], h7 = h[7];
    for (let at = from; at < to; at += BLOCK_BYTES) {
      for (let i = 0, p = at; i < 16; i++, p += 4) w[i] = (data[p] << 24) | (data[p + 1] << 16) | (data[p + 2] << 8) | data[p + 3];
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15], y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      let a = h0, b = h1, c = h2, d = h3, e = h4, f = h5, g = h6, k = h7;
      for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (k + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + t1) | 0;
        d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      h0 = (h0 + a) | 0; h1 = (h1 + b) | 0; h2 = (h2 + c) | 0; h3 = (h3 + d) | 0;
      h4 = (h4 + e) | 0; h5 = (h5 + f) | 0; h6 = (h6 + g) | 0; h7 = (h7 + k) | 0;
    }
    h[0] = h0; h[1] = h1; h[2] = h2; h[3] = h3; h[4] = h4; h[5] = h5; h[6] = h6; h[7] = h7;
  }
}
