// Dialogs and the forms in them.

import { byId, el, icon } from "./dom.js";

let made = 0;

// Who imports this has its looks too. Without them a dialog still works.
await new Promise((resolve) => {
  document.head.append(el("link", { rel: "stylesheet", href: "dialogs.css", onload: resolve, onerror: resolve }));
});

/** Shows a dialog over the page; it is gone once it is closed. */
export function openDialog(title, ...children) {
  const id = `dialog-${++made}`;
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": id },
    el("header", {}, el("h2", { id }, title),
      el("button", { class: "icon", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    ...children);
  dialog.addEventListener("close", () => dialog.remove());
  // A press beside it, on the backdrop, has the dialog itself as its target.
  dialog.addEventListener("mousedown", ({ target }) => target === dialog && dialog.close());
  byId("dialogs").append(dialog);
  dialog.showModal();
  return dialog;
}

/** A labelled field: the label, the input, and a hint below it. */
export function field(label, input, hint) {
  input.id ||= `field-${++made}`;
  const said = hint && el("p", { class: "hint", id: `${input.id}-hint` }, hint);
  if (said) input.setAttribute("aria-describedby", said.id);
  return el("div", { class: "field" }, el("label", { htmlFor: input.id }, label), input, said);
}

export const password = (autocomplete, more = {}) => el("input", { type: "password", required: true, maxLength: 72, autocomplete, ...more });

/** A form that does one thing, cannot be sent twice meanwhile, and tells why it did not work. `beside`: another button. */
export function form({ action, label, className = "primary", words, beside }, ...children) {
  const error = el("p", { class: "error", role: "alert", hidden: true });
  const button = el("button", { class: className }, label);
  const made = el("form", { class: "sheet-form", autocomplete: "off", onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    error.hidden = true;
    try {
      await action();
    } catch (refusal) {
      error.textContent = words(refusal);
      error.hidden = false;
      made.querySelector("input")?.focus();
    } finally {
      button.disabled = false;
    }
  } }, ...children, error, el("div", { class: "row" }, beside, button));
  return made;
}

/** Asks before something that cannot be undone. */
export function confirmed(title, words, label) {
  return new Promise((resolve) => {
    const dialog = openDialog(title, el("p", { class: "quiet" }, words),
      el("div", { class: "row" },
        el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        el("button", { class: "danger", type: "button", onclick: () => dialog.close("yes") }, label)));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}
