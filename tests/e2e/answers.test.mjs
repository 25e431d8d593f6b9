// What a server says seldom, said by the test between the page and a real edge: rooms that do not open, the owner's tools, ends of
// sessions; and the answers of the HTTP side.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "./support/axe.mjs";
import { Edge } from "./support/edge.mjs";
import { Person, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

/** Somebody whose frames pass by the test. `described` is added to each joined, `answer` may answer a frame in the server's place;
 * `person.told` is what the page asked over HTTP of what the test answers. */
async function tapped(room, between = {}) {
  const person = await Person.before(browser, edge, room, { prepare: (somebody) => tap(somebody, between) });
  await person.enter({ nick: unique("ann"), mode: "guest" });
  return person;
}

async function tap(person, { described = {}, answer = () => null, http = {} }) {
  person.told = [];
  await person.page.route((url) => /^\/(rooms|me\/password|login|register|logout|config)(\/|$)/.test(url.pathname), async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const asked = `${request.method()} ${pathname}${search}`;
    person.told.push([asked, request.postDataJSON()]);
    const found = Object.entries(http).find(([start]) => asked.startsWith(start));
    const said = found?.[1] ?? { status: 404, json: { error: { code: "not_found", message: "no" } } };
    await route.fulfill(typeof said === "function" ? said(request) : said);
  });
  await person.page.routeWebSocket(/\/ws/, (socket) => {
    const server = socket.connectToServer();
    const tell = (frame) => socket.send(JSON.stringify(frame));
    person.tell = tell;
    person.putOut = (slug, reason) => {
      server.send(JSON.stringify({ type: "leave", room: slug }));
      tell({ type: "left", room: slug, reason });
    };
    person.hangUp = (code, reason) => socket.close({ code, reason });
    socket.onMessage((text) => {
      const frame = JSON.parse(text);
      const answered = answer(frame);
      if (answered) tell({ id: frame.id, room: frame.room, ...answered });
      else server.send(text);
    });
    server.onMessage((text) => {
      const frame = JSON.parse(text);
      tell(frame.type === "joined" ? { ...frame, ...described } : frame);
    });
  });
}

const says = (person, words) => person.page.waitForSelector(`#top .out >> text=${words}`);

test("a room that does not open asks for its password, and says when it was wrong or too often", async () => {
  const room = unique("secret");
  const ann = await tapped(room, { described: { private: true }, answer: ({ type, password }) => {
    if (type !== "join") return null;
    return password === "often" ? { type: "error", code: "rate_limited", message: "", retry_after_ms: 30_000 } : { type: "error", code: "no_such_room", message: "" };
  } });
  await says(ann, "A password is needed here");
  assert.deepEqual(await violations(ann.page), []);
  await ann.shot("private-room");
  assert.ok(await ann.page.isDisabled("#text"));
  for (const [password, words] of [["<img src=x onerror=window.hit=1>", "That did not open it"], ["often", "Too many tries"]]) {
    await ann.page.fill("#room-password", password);
    await ann.page.click("#top .out button");
    await says(ann, words);
  }
  assert.equal(await ann.page.evaluate(() => window.hit), undefined);
  assert.ok(!(await ann.page.evaluate(() => JSON.stringify(localStorage))).includes("often"), "no password is kept for long");
  await ann.end();
});

test("who is put out is told why, sees nothing of the room any more, and may come back where that can be", async () => {
  const room = unique("out");
  const ann = await tapped(room);
  await ann.live();
  for (const [reason, words, back] of [["kicked", "You were taken out", "Come back"], ["room_gone", "This room was deleted", "Open it again"],
    ["password_changed", "This room has a new password", null], ["banned", "You are banned", undefined]]) {
    await ann.say(`before ${reason}`);
    await ann.sees(`before ${reason}`);
    ann.putOut(room, reason);
    await says(ann, words);
    assert.equal(await ann.page.locator("#messages .message").count(), 0);
    assert.ok(await ann.page.isDisabled("#text"));
    if (back) await ann.page.click(`#top .out button:text-is("${back}")`);
    else if (back === null) {
      await ann.page.fill("#room-password", "any");
      await ann.page.click("#top .out button");
    } else {
      assert.equal(await ann.page.locator("#top .out button").count(), 0);
      continue;
    }
    await ann.page.waitForFunction(() => !document.getElementById("text").disabled && !document.querySelector("#top .out"));
  }
  await ann.end();
});

test("deleted messages go, the description changes, and the owner's tools are the owner's", async () => {
  const room = unique("owned");
  let nick;
  const ann = await tapped(room, { described: { title: "<b>Ours</b>", owner: "placeholder" } });
  await ann.live();
  nick = ann.nick;
  for (const text of ["one", "two"]) await ann.say(text);
  await ann.sees("two");
  assert.equal(await ann.page.locator("#settings:visible, .remove").count(), 0);
  assert.equal(await ann.page.textContent("#room-title"), "<b>Ours</b>");
  ann.tell({ type: "room", room, title: "Another", owner: nick, private: false });
  await ann.page.waitForSelector("#settings:visible");
  assert.equal(await ann.page.textContent("#room-title"), "Another");
  const [first] = await ann.seqs();
  ann.tell({ type: "message", room, seq: 900, deletes: first, id: "d", user: nick, text: "", time: new Date().toISOString() });
  await ann.page.waitForFunction(() => document.querySelectorAll("#messages .message").length === 1);
  assert.deepEqual(await ann.texts(), ["two"]);
  assert.deepEqual(await violations(ann.page), []);
  ann.tell({ type: "room", room, title: "", owner: "ben", private: false });
  await ann.page.waitForFunction(() => document.getElementById("settings").hidden && !document.querySelector(".remove"));
  await ann.end();
});

test("what the owner does goes to the server as the protocol has it", async () => {
  const room = unique("tools");
  const none = { status: 204 };
  const http = { [`GET /rooms/${room}/bans`]: { json: { bans: ["<i>mallory</i>"] } }, [`DELETE /rooms/${room}/messages/`]: none, [`DELETE /rooms/${room}/bans/`]: none,
    [`PATCH /rooms/${room}`]: { json: {} }, [`GET /rooms/${room}`]: { json: { room, title: "Old", private: false, retention_s: 86_400, you_own: true } }, [`DELETE /rooms/${room}`]: none };
  const ann = await tapped(room, { http });
  await ann.live();
  await ann.say("spam");
  await ann.sees("spam");
  ann.tell({ type: "room", room, owner: ann.nick, private: false });
  const { page } = ann;
  await page.hover("#messages .message");
  await page.click("#messages .remove");
  await page.click("dialog >> text=/^Delete$/");
  await page.waitForSelector("#toast >> text=The message is deleted");
  await page.click("#settings");
  await page.waitForSelector("dialog .bans button");
  assert.deepEqual(await violations(page), []);
  await ann.shot("settings");
  await page.click("dialog .bans button");
  await page.waitForSelector("dialog .bans >> text=Nobody");
  await page.fill("dialog >> label:text-is('Title') + input", " New ");
  await page.selectOption("dialog select", "");
  await page.click("dialog >> text=/^Save$/");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.click("#settings");
  await page.fill("dialog >> label:text-is('Password') + input", "sesame");
  await page.click("dialog >> text=Make it private");
  await page.waitForSelector("dialog", { state: "detached" });
  await page.click("#settings");
  await page.click("dialog summary >> text=Delete the room");
  await page.fill("dialog details[open] input", room);
  await page.click("dialog details[open] button");
  await page.waitForSelector("dialog", { state: "detached" });
  const changes = ann.told.filter(([asked]) => !asked.startsWith("GET"));
  assert.deepEqual(changes.map(([asked]) => asked.replace(/\d+$/, "N")), [`DELETE /rooms/${room}/messages/N`, `DELETE /rooms/${room}/bans/%3Ci%3Emallory%3C%2Fi%3E`,
    `PATCH /rooms/${room}`, `PATCH /rooms/${room}`, `DELETE /rooms/${room}`].map((asked) => asked.replace(/\d+$/, "N")));
  assert.deepEqual([changes[2][1], changes[3][1]], [{ title: "New", retention_s: null }, { password: "sesame" }]);
  await ann.end();
});

test("rooms are searched and created; refusals are said in words", async () => {
  const room = unique("lobby");
  let taken = true;
  const ann = await tapped(room, { http: {
    "GET /rooms?": { json: { rooms: [{ room: "book-club", title: "<b>Novels</b>", members: 3 }], more: false } },
    "POST /rooms": () => (taken ? { status: 409, json: { error: { code: "name_taken", message: "" } } } : { status: 201, json: {} }),
  } });
  await ann.live();
  const { page } = ann;
  await page.click("#browse");
  await page.fill("dialog [type=search]", "a&b");
  await page.waitForSelector("dialog .found >> text=<b>Novels</b>");
  await page.click("dialog >> text=Create a room");
  const made = unique("made");
  await page.fill("dialog >> label:text-is('Name') + input", made.toUpperCase());
  await page.check("dialog >> [value=private]");
  await page.fill("dialog >> label:text-is('Password') + input", "sesame");
  await page.selectOption("dialog select", "3600");
  await page.click("dialog >> text=Create the room");
  await page.waitForSelector("dialog .error >> text=There is a room of this name already");
  taken = false;
  await page.click("dialog >> text=Create the room");
  await page.waitForFunction((slug) => document.getElementById("room-name").textContent === `#${slug}`, made);
  const asked = Object.fromEntries(ann.told.map(([what, body]) => [what, body]));
  assert.deepEqual(asked["POST /rooms"], { room: made, password: "sesame", retention_s: 3600 });
  assert.ok("GET /rooms?q=a%26b&limit=30" in asked, Object.keys(asked).join());
  await ann.end();
});

test("a session that the server ends leads to the entry, with the reason in words", async () => {
  for (const [reason, words] of [["logged out", "You are logged out"], ["nick taken", "Somebody else uses that name"], ["account deleted", "This account was deleted"]]) {
    const ann = await tapped(unique("ended"));
    await ann.live();
    ann.hangUp(4002, reason);
    await ann.page.waitForSelector(`#enter-error:not([hidden]) >> text=${words}`);
    assert.deepEqual(await violations(ann.page), []);
    await ann.end();
  }
});

test("signing up and logging in: what is asked, and each refusal in words", async () => {
  let refusal = ["register", 409, "name_taken", "That name is taken"];
  const http = Object.fromEntries(["register", "login"].map((path) => [`POST /${path}`, () => ({ status: refusal[1], json: { error: { code: refusal[2], message: "m", retry_after_ms: 30_000 } } })]));
  const ann = await tapped(unique("accounts"), { http });
  await ann.live();
  await ann.page.click("#account");
  await ann.page.click("dialog >> text=Sign up");
  for (refusal of [refusal, ["register", 400, "bad_password", "That password does not work"], ["login", 401, "wrong_password", "The name or the password is wrong"],
    ["login", 429, "rate_limited", "Try again in 30 s"]]) {
    await ann.enter({ nick: "alice", mode: refusal[0], password: "secret" });
    await ann.page.waitForSelector(`#enter-error:not([hidden]) >> text=${refusal[3]}`);
    assert.deepEqual(ann.told.at(-1), [`POST /${refusal[0]}`, { user: "alice", password: "secret" }]);
  }
  assert.deepEqual(await violations(ann.page), []);
  await ann.shot("login-refused");
  await ann.end();
});
