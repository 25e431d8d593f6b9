// What moves files' bytes; loaded once a file is offered or wanted.

export { Download } from "./download.js";
export { hashOfFile } from "./hasher.js";
export { chooseSink } from "./sink.js";
export { Upload } from "./upload.js";
