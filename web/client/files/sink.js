// Where a file goes as it comes in: to the disk at once where the browser can, else into pieces that it is saved from.

export const MEMORY_MOST = 512 * 1024 * 1024;
const PIECE_BYTES = 8 * 1024 * 1024;

/** Asks where to save. Must be called on a click. Null: they thought better of it. */
export async function chooseSink({ name, size }) {
  if (window.showSaveFilePicker) {
    try {
      const handle = await window.showSaveFilePicker({ suggestedName: name });
      return new DiskSink(await handle.createWritable());
    } catch (error) {
      if (error.name === "AbortError") return null;
      throw error;
    }
  }
  if (size > MEMORY_MOST)
    throw new Error("This browser cannot save a file as it comes in, and takes 512 MiB at most. Chrome or Edge on a computer can receive it");
  return new MemorySink(name);
}

class DiskSink {
  #writable;

  constructor(writable) {
    this.#writable = writable;
  }

  write(buffer) {
    return this.#writable.write(buffer);
  }

  async finish() {
    await this.#writable.close();
    return null;
  }

  discard() {
    return this.#writable.abort().catch(() => {});
  }
}

/** Pieces become Blobs, which browsers keep outside of the page's memory and move to the disk when they are many. */
class MemorySink {
  #name;
  #pieces = [];
  #buffers = [];
  #bytes = 0;

  constructor(name) {
    this.#name = name;
  }

  async write(buffer) {
    this.#buffers.push(buffer.slice(0));  // the hash takes the buffer itself away
    this.#bytes += buffer.byteLength;
    if (this.#bytes >= PIECE_BYTES) this.#fold();
  }

  /** Saves it; gives what saves it again. */
  async finish() {
    this.#fold();
    const url = URL.createObjectURL(new Blob(this.#pieces, { type: "application/octet-stream" }));
    const save = () => Object.assign(document.createElement("a"), { href: url, download: this.#name }).click();
    save();
    return save;
  }

  async discard() {
    this.#pieces = [];
    this.#buffers = [];
  }

  #fold() {
    this.#pieces.push(new Blob(this.#buffers));
    this.#buffers = [];
    this.#bytes = 0;
  }
}
