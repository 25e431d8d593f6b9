// How a file looks in the conversation: what it is, how far it is, what one can do.

import { el, icon } from "../dom.js";
import { durationOf, sizeOf } from "../times.js";

const SENDING = {
  connecting: "connecting…", sending: "", checking: "all sent, being checked…", done: "has it; its SHA-256 is right",
  damaged: "got it damaged, and did not keep it", broken: "connection broke; can go on", cancelled: "cancelled",
  unreadable: "the file was changed or moved; offer it again",
};

export class Card {
  #offer;
  #doings;
  #ways = el("div", { class: "ways way" });
  #row = el("div", { class: "row" });
  #about;
  #shape = "";

  /** @param doings what it may do: { mine, own, download(), receive(), withdraw(), isWithdrawn() } */
  constructor(offer, doings) {
    this.#offer = offer;
    this.#doings = doings;
    this.#about = el("p", { class: "file-about" });
    this.element = el("div", { class: "card", role: "group", "aria-label": `File ${offer.name}` },
      el("span", { class: "sheet" }, icon("file")),
      el("div", {}, el("p", { class: "file-name", dir: "auto" }, offer.name), this.#about),
      this.#ways, this.#row);
    this.render();
  }

  render() {
    if (this.#doings.own) this.#renderOwn(this.#doings.own);
    else this.#renderTheirs(this.#doings.download());
  }

  #renderOwn(own) {
    const withdrawn = this.#doings.isWithdrawn();
    this.#about.textContent = `${sizeOf(this.#offer.size)} · ${withdrawn ? "no longer offered" : "offered while this page is open"}`;
    const uploads = [...own.uploads.values()];
    this.#shaped(`own ${withdrawn} ${uploads.map(({ state }) => state).join()}`, () => {
      this.#ways.replaceChildren(...uploads.map((upload) => el("div", { class: `way ${toneOf(upload.state)}` },
        el("span"), upload.state === "sending" && bar(`Sending to ${upload.user}`))));
      this.#row.replaceChildren(...(withdrawn ? [] : [button("Stop offering", this.#doings.withdraw)]));
    });
    uploads.forEach((upload, n) => {
      const way = this.#ways.children[n];
      way.firstChild.textContent = `${upload.user}: ${upload.state === "sending" ? progressWords(upload) : SENDING[upload.state]}`;
      setBar(way.querySelector("progress"), upload);
    });
  }

  #renderTheirs(download) {
    const whence = this.#doings.mine ? "offered by you, on another page or before this one was loaded" : `straight from ${this.#offer.user}'s browser`;
    this.#about.textContent = `${sizeOf(this.#offer.size)} · ${whence}`;
    const state = download?.state ?? "none";
    this.#shaped(state, () => {
      const going = ["receiving", "waiting", "paused", "checking"].includes(state);
      const tone = state === "done" ? "good" : state === "failed" ? "bad" : "";
      this.#ways.replaceChildren(...(download ? [el("div", { class: `way ${tone}`, role: state === "receiving" ? null : "status" }, el("span"), going && bar(`Receiving ${this.#offer.name}`))] : []));
      const buttons = [];
      if (!download) buttons.push(button("Receive", this.#doings.receive, "primary"));
      else if (download.active) buttons.push(button("Cancel", () => download.cancel()));
      else if (state === "paused") buttons.push(button("Resume", () => download.begin(), "primary"), button("Cancel", () => download.cancel()));
      else if (state === "failed" || state === "cancelled") buttons.push(button("Receive again", this.#doings.receive));
      else if (download.saveAgain) buttons.push(button("Save again", download.saveAgain));
      this.#row.replaceChildren(...buttons);
    });
    if (!download) return;
    const way = this.#ways.firstChild;
    const words = way.firstChild;
    const fresh = wordsOf(download, this.#offer.user);
    if (words.textContent !== fresh) words.textContent = fresh;
    setBar(way.querySelector("progress"), download);
  }

  /** Builds anew only what has another shape, so that buttons keep the focus. */
  #shaped(shape, build) {
    if (shape === this.#shape) return;
    const focused = this.#row.contains(document.activeElement);
    this.#shape = shape;
    build();
    if (focused) this.#row.querySelector("button")?.focus();
  }
}

function wordsOf(download, user) {
  switch (download.state) {
    case "asking": return `Asking ${user} for it…`;
    case "connecting": return `Connecting to ${user}…`;
    case "receiving": return progressWords(download);
    case "checking": return "All here; checking its SHA-256…";
    case "waiting":
    case "paused": return `${download.words} ${download.done > 0 ? `${sizeOf(download.done)} of ${sizeOf(download.size)} are here.` : ""}`.trim();
    default: return download.words;
  }
}

function progressWords({ done, size, meter }) {
  const { speed } = meter;
  const pace = speed > 0 ? ` · ${sizeOf(speed)}/s · ${durationOf((size - done) / speed)} left` : "";
  return `${sizeOf(done)} of ${sizeOf(size)}${pace}`;
}

const toneOf = (state) => (state === "done" ? "good" : state === "damaged" || state === "unreadable" ? "bad" : "");
const bar = (label) => el("progress", { max: 1, value: 0, "aria-label": label });
const button = (label, onclick, className = "") => el("button", { type: "button", class: className, onclick }, label);

function setBar(progress, { done, size }) {
  if (progress) progress.value = size > 0 ? done / size : 1;
}
