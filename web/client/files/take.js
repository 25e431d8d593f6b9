// Files by the button, by dropping, by pasting.

import { byId } from "../dom.js";

/** @param offer takes an array of files */
export function takeFiles(offer) {
  const input = byId("file");
  byId("attach").onclick = () => input.click();
  input.onchange = () => {
    offer([...input.files]);
    input.value = "";
  };
  const area = byId("conversation");
  const drop = byId("drop");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  area.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  area.addEventListener("dragleave", (event) => {
    if (!area.contains(event.relatedTarget)) drop.hidden = true;
  });
  area.addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    offer([...event.dataTransfer.files]);
  });
  byId("text").addEventListener("paste", (event) => {
    // Office programs put a picture of the text beside it: then the text is meant.
    if (!event.clipboardData?.files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    offer([...event.clipboardData.files]);
  });
}
