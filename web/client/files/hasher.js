// The page's side of the hash worker.

const BEHIND_MOST = 16 * 1024 * 1024;  // bytes given to the worker and not hashed yet

const startWorker = () => new Worker(new URL("hash-worker.js", import.meta.url), { type: "module" });

/** The SHA-256 of a file. @param {AbortSignal} signal */
export function hashOfFile(file, onRead, signal) {
  return new Promise((resolve, reject) => {
    const worker = startWorker();
    const end = (settle, value) => {
      worker.terminate();
      settle(value);
    };
    signal.addEventListener("abort", () => end(reject, new DOMException("cancelled", "AbortError")));
    worker.onerror = () => end(reject, new Error("the file could not be read"));
    worker.onmessage = ({ data }) => {
      if (data.digest) end(resolve, data.digest);
      else if (data.error) end(reject, new Error(data.error));
      else onRead(data.read);
    };
    worker.postMessage({ file });
  });
}

/** The SHA-256 of pieces as they come. */
export class Hasher {
  #worker = startWorker();
  #behind = 0;
  #wake = () => {};
  #digest;

  constructor() {
    this.#digest = new Promise((resolve, reject) => {
      this.#worker.onerror = () => reject(new Error("the hash could not be made"));
      this.#worker.onmessage = ({ data }) => {
        if (data.digest) resolve(data.digest);
        this.#behind -= data.hashed ?? 0;
        this.#wake();
      };
    });
    this.#digest.catch(() => {});
  }

  /** Takes the buffer away. */
  async add(buffer) {
    this.#behind += buffer.byteLength;
    this.#worker.postMessage({ add: buffer }, [buffer]);
    while (this.#behind > BEHIND_MOST) await new Promise((resolve) => { this.#wake = resolve; });
  }

  digest() {
    this.#worker.postMessage({ end: true });
    return this.#digest;
  }

  end() {
    this.#worker.terminate();
  }
}
