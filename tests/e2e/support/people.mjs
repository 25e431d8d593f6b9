// People at browsers, and bots on the SDK in Node.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";
import WebSocket from "ws";
import { RoomcastClient } from "../../../web/sdk/roomcast.js";
import { ROOT, until } from "./edge.mjs";

export const SHOTS = path.join(ROOT, "build/e2e");
mkdirSync(SHOTS, { recursive: true });

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-features=WebRtcHideLocalIpsWithMdns"],
  });
}

const PATIENCE_MS = Number(process.env.E2E_PATIENCE_MS ?? 30_000);  // with what a page does; more on a crowded machine

let made = 0;

/** A name that no other test has. */
export const unique = (stem) => `${stem}-${process.pid}-${++made}`;

// What Chromium itself writes when the server is away, or has no cookie from us yet.
const EXPECTED_NOISE = /status of 4\d\d|WebSocket connection to|ERR_CONNECTION|ERR_INTERNET_DISCONNECTED|net::ERR_/;

export class Person {
  problems = [];

  /** Somebody at the entry. `prepare` may lay something between the page and the edge first. */
  static async before(browser, edge, room, { script, prepare, ...contextOptions } = {}) {
    const person = new Person();
    person.edge = edge;
    person.context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, ...contextOptions });
    person.page = await person.context.newPage();
    person.page.setDefaultTimeout(PATIENCE_MS);
    if (script) await person.page.addInitScript(script);
    person.page.on("pageerror", (error) => person.problems.push(String(error.stack ?? error)));
    person.page.on("console", (message) => {
      if (message.type() === "error" && !EXPECTED_NOISE.test(message.text())) person.problems.push(message.text());
    });
    await prepare?.(person);
    await person.page.goto(`${edge.url}/#${room}`);
    return person;
  }

  /** Somebody in a room: a guest, or with `mode` and `password` an account. Gets a name that begins like that one, as a name is
   * nobody else's for a while after its guest went; with `exact` that very name. */
  static async at(browser, edge, stem, room, { mode = "guest", password, exact = mode !== "guest", ...options } = {}) {
    const nick = exact ? stem : unique(stem);
    const person = await Person.before(browser, edge, room, options);
    await person.enter({ nick, mode, password });
    await person.live();
    return person;
  }

  async enter({ nick, mode, password, room }) {
    this.nick = nick;
    // The form is there before its module is: what is chosen until then would be chosen anew.
    await this.page.waitForFunction(() => document.getElementById("enter-form").onsubmit && document.getElementById("nick").offsetParent);
    await this.page.locator(`#modes [value=${mode}]`).check({ force: true });
    await this.page.fill("#nick", nick);
    if (mode !== "guest") await this.page.fill("#password", password);
    if (room) await this.page.fill("#first-room", room);
    await this.page.click("#enter-button");
  }

  live() {
    return this.page.waitForSelector("#my-state.live", { state: "attached" });
  }

  async say(text) {
    await this.page.fill("#text", text);
    await this.page.click("#send");
  }

  /** Waits until a message of that text has its place in the room. */
  sees(text) {
    return this.page.waitForFunction((wanted) => [...document.querySelectorAll("#messages .text")].some((node) => node.textContent === wanted), text);
  }

  texts() {
    return this.page.$$eval("#messages .message .text", (nodes) => nodes.map((node) => node.textContent));
  }

  seqs() {
    return this.page.$$eval("#messages .message", (nodes) => nodes.map((node) => Number(node.dataset.seq)));
  }

  shot(name) {
    return this.page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
  }

  /** Leaves, and says whether the page did anything that it should not. */
  async end() {
    await this.context.close();
    assert.deepEqual(this.problems, [], `the page of ${this.nick} had problems`);
  }
}

const bots = new Set();
after(() => { for (const client of bots) client.close(); });  // else a test that failed would keep the process from ending

/** A client of the SDK in Node; its name as for a Person. */
export async function bot(edge, stem, { exact = false, byTicket = false, refreshed = false } = {}) {
  const nick = exact ? stem : unique(stem);
  const ca = readFileSync(path.join(edge.certs, "ca.pem"));
  class Trusting extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { ca });
    }
  }
  let token;
  const ask = (path) => edge.request("POST", path, undefined, { Authorization: `Bearer ${token}` }).then(({ body }) => JSON.parse(body));
  const fetchToken = async () => {
    token ??= await edge.guestToken(nick);
    return token;
  };
  const client = new RoomcastClient({ url: `${edge.url}/ws`, WebSocket: Trusting,
    ...(byTicket ? { ticket: async () => { await fetchToken(); return (await ask("/ticket")).ticket; } } : { token: fetchToken }),
    ...(refreshed ? { refresh: async () => {
      const fresh = await ask("/refresh");
      ({ token } = fresh);
      return fresh;
    } } : {}) });
  bots.add(client);
  client.connect();
  await until(() => client.state === "live", `${nick} is connected`);
  return client;
}
