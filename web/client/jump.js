// To what was said from a date on.

import { wordsOf } from "./account.js";
import { field, form, openDialog } from "./dialog.js";
import { el, toast } from "./dom.js";

export function openJump(rooms, timeline) {
  const room = rooms.current;
  const date = el("input", { id: "date", type: "date", required: true, max: new Date().toLocaleDateString("sv") });  // the Swedish write dates as ISO does
  const made = form({ label: "Jump", words: wordsOf, action: async () => {
    const seq = await rooms.pages.toTime(room, new Date(`${date.value}T00:00:00`));
    dialog.close();
    if (seq === false) toast("Nothing has been said since then.");
    else timeline.toSeq(seq);
  } }, field("Show messages from the beginning of", date));
  made.id = "date-form";
  const dialog = openDialog("Jump to a date", made);
}
