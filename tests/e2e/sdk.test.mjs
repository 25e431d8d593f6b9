// The SDK against a socket that the test speaks through, for what a real server says seldom; and the small parts of files.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { RoomcastApi, RoomcastError, closeAdvice } from "../../web/sdk/roomcast.js";
import { offerIn, offerText, tidyName } from "../../web/client/files/offer.js";
import { Sha256 } from "../../web/client/files/sha256.js";
import { until } from "./support/edge.mjs";
import { joinedRig } from "./support/rig.mjs";

test("a refusal that passes is waited out, and the order of the room kept behind it", async () => {
  const { client, socket } = await joinedRig();
  const acks = ["a", "b"].map((text) => client.send("room", text));
  const [a, b] = socket.sent.filter(({ type }) => type === "message");
  for (const { id } of [a, b]) socket.say({ type: "error", code: "busy", message: "", id, room: "room", retry_after_ms: 20 });
  acks.push(client.send("room", "c"));
  assert.deepEqual(socket.texts(), ["a", "b"]);
  await until(() => socket.texts().length === 5, "all are sent again");
  assert.deepEqual(socket.texts().slice(2), ["a", "b", "c"]);
  const again = socket.sent.filter(({ type }) => type === "message").slice(2);
  assert.deepEqual(again.slice(0, 2).map(({ id }) => id), [a.id, b.id]);
  again.forEach(({ id }, seq) => socket.say({ type: "ack", id, room: "room", seq }));
  assert.deepEqual((await Promise.all(acks)).map(({ seq }) => seq), [0, 1, 2]);
  client.close();
});

test("a refusal for good rejects with the server's code; leaving rejects what waits", async () => {
  const { client, socket } = await joinedRig();
  const refused = client.send("room", "a");
  socket.say({ type: "error", code: "bad_id", message: "no", id: socket.sent.at(-1).id, room: "room" });
  await assert.rejects(refused, { code: "bad_id", message: "no" });
  const waiting = client.send("room", "b");
  client.leave("room");
  await assert.rejects(waiting, { code: "left" });
  client.close();
});

test("after 1012 it comes back, resumes by epoch and seq, and sends again what had no answer, under the same id", async () => {
  const { client, socket, next } = await joinedRig();
  socket.say({ type: "message", room: "room", seq: 7, id: "x", user: "ben", text: "hi", time: "2026-11-21T10:00:00.000Z" });
  const ack = client.send("room", "kept");
  const { id } = socket.sent.at(-1);
  const states = [];
  client.on("state", ({ state }) => states.push(state));
  socket.end(1012);
  const second = await next(1);
  second.welcome();
  assert.deepEqual(second.sent, [{ type: "join", room: "room", id: "join", last: 50, epoch: "e1", since: 7 }]);
  second.joined("room", { recovered: true, last: 7 });
  assert.deepEqual(second.sent.at(-1), { type: "message", room: "room", id, text: "kept" });
  second.say({ type: "ack", id, room: "room", seq: 8 });
  assert.equal((await ack).seq, 8);
  assert.deepEqual([states[0], states.at(-1)], ["recovering", "live"]);
  client.close();
});

test("a token that ran out is renewed before the next attempt; the token goes in a subprotocol", async () => {
  let tokens = 0;
  const { client, socket, next } = await joinedRig({ token: () => `t${++tokens}`, renew: async () => { tokens = 10; } });
  assert.deepEqual(socket.protocols, ["roomcast.v1", "bearer.t1"]);
  assert.ok(!socket.url.includes("t1"));
  socket.end(4001);
  assert.deepEqual((await next(1)).protocols, ["roomcast.v1", "bearer.t11"]);
  client.close();
});

test("where the client is at fault, or was removed, it does not come back", async () => {
  for (const code of [1002, 1003, 1007, 1008, 1009, 4002]) {
    assert.equal(closeAdvice(code).advice, "never");
    const { client, socket, sockets } = await joinedRig();
    const waiting = client.send("room", "a");
    socket.end(code);
    await assert.rejects(waiting, { code: "closed" });
    assert.equal(client.state, "closed");
    assert.ok(client.reason.length > 5);
    assert.equal(sockets.length, 1);
  }
});

test("attempts that fail are told as offline, with the time of the next; the first of them leaves no message behind", async () => {
  const { client, socket, next } = await joinedRig();
  const ack = client.send("room", "through it all");
  socket.end(1006);
  (await next(1)).end(1006);
  assert.equal(client.state, "offline");
  assert.ok(client.retryAt > Date.now());
  client.retryNow();
  const third = await next(2);
  third.welcome();
  third.joined("room", { recovered: true });
  assert.deepEqual(third.texts(), ["through it all"]);
  third.say({ type: "ack", id: third.sent.at(-1).id, room: "room", seq: 0 });
  await ack;
  client.close();
});

test("when the network is said to be gone the server is asked, and taken for lost if it is silent", async () => {
  const network = new EventTarget();
  const { client, socket, next } = await joinedRig({ network });
  network.dispatchEvent(new Event("offline"));
  assert.equal(socket.sent.at(-1).type, "history");
  await next(1);
  assert.equal(socket.readyState, 3);
  client.close();
});

test("a server that shows a message out of order is reported, and the message not told twice", async () => {
  const { client, socket } = await joinedRig();
  const seen = [];
  const errors = [];
  client.on("message", ({ seq }) => seen.push(seq));
  client.on("error", ({ error }) => errors.push(error.code));
  const message = (seq) => socket.say({ type: "message", room: "room", seq, id: `m${seq}`, user: "ben", text: "", time: "" });
  for (const seq of [1, 5, 5, 3, 6]) message(seq);
  assert.deepEqual(seen, [1, 5, 6]);
  assert.deepEqual(errors, ["out_of_order", "out_of_order"]);
  client.close();
});

test("what was missed follows the joined of a resume as messages; a deletion is told, and is no message", async () => {
  const { client, socket, next } = await joinedRig();
  const told = [];
  for (const type of ["message", "deleted"]) client.on(type, ({ event, seq }) => told.push(`${event} ${seq}`));
  const entry = (seq, more = {}) => ({ type: "message", room: "room", seq, id: `m${seq}`, user: "ben", text: "", time: "", ...more });
  socket.say(entry(1));
  socket.say(entry(2, { deletes: 1 }));
  socket.end(1006);
  const second = await next(1);
  second.welcome();
  second.joined("room", { recovered: true, first: 0, last: 5, messages: [entry(3), entry(4, { deletes: 3 }), entry(5)] });
  assert.deepEqual(told, ["message 1", "deleted 1", "message 3", "deleted 3", "message 5"]);
  const page = client.history("room");
  second.say({ type: "history", id: second.sent.at(-1).id, room: "room", more: true, messages: [entry(6), entry(7), entry(8, { deletes: 6 })] });
  const { messages, deleted, from, to } = await page;
  assert.deepEqual([messages.map(({ seq }) => seq), deleted, from, to], [[7], [6], 6, 8]);
  client.close();
});

test("who was put out hears why; a room that was deleted is not joined again", async () => {
  for (const reason of ["kicked", "banned", "password_changed", "room_gone"]) {
    const { client, socket, next } = await joinedRig();
    const left = [];
    client.on("left", (event) => left.push(event.reason));
    const waiting = client.send("room", "a");
    socket.say({ type: "left", room: "room", reason });
    await assert.rejects(waiting, { code: reason });
    assert.deepEqual(left, [reason]);
    socket.end(1006);
    const second = await next(1);
    second.welcome();
    assert.deepEqual(second.sent, []);
    client.close();
  }
});

test("a room's password goes with each join; a guess that came too early is for the caller to repeat", async () => {
  const { client, socket, next } = await joinedRig();
  const wrong = client.join("secret", { password: "a" });
  const { id } = socket.sent.at(-1);
  assert.equal(socket.sent.at(-1).password, "a");
  socket.say({ type: "error", code: "rate_limited", message: "", id, room: "secret", retry_after_ms: 5_000 });
  await assert.rejects(wrong, { code: "rate_limited", retryAfterMs: 5_000 });
  const right = client.join("secret", { password: "b" });
  socket.joined("secret", { private: true, owner: "ben", title: "Ours" });
  assert.equal((await right).title, "Ours");
  client.setPassword("secret", "c");
  socket.end(1006);
  const second = await next(1);
  second.welcome();
  assert.deepEqual(second.sent.map(({ room, password }) => [room, password]), [["room", undefined], ["secret", "c"]]);
  client.close();
});

test("a session that the server ended says why, and connect takes up its rooms where they were", async () => {
  const { client, socket, next } = await joinedRig();
  socket.say({ type: "message", room: "room", seq: 7, id: "x", user: "ben", text: "hi", time: "" });
  const waiting = client.send("room", "lost");
  socket.end(4002, "password changed");
  await assert.rejects(waiting, { code: "closed" });
  assert.deepEqual([client.state, client.code, client.reason], ["closed", 4002, "password changed"]);
  client.connect();
  const second = await next(1);
  second.welcome();
  assert.deepEqual(second.sent, [{ type: "join", room: "room", id: "join", last: 50, epoch: "e1", since: 7 }]);
  second.joined("room", { recovered: true, last: 7 });
  assert.equal(client.state, "live");
  client.close();
});

const jwt = (seconds) => `h.${Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + seconds })).toString("base64url")}.s`;

test("a token is replaced before it runs out, again when that fails, and in the next connection", async () => {
  let asked = 0;
  const refresh = async () => {
    if (++asked === 1) throw new RoomcastError("unreachable", "not now");
    return { token: jwt(1_000), expires: new Date(Date.now() + 1_000_000).toISOString() };
  };
  const { client, socket } = await joinedRig({ token: jwt(3), refresh });
  await until(() => socket.sent.at(-1).type === "refresh", "the new token is sent");
  assert.equal(asked, 2);
  assert.match(socket.sent.at(-1).token, /^h\./);
  const refreshed = client.events("refreshed").next();
  socket.say({ type: "refreshed", expires: new Date(Date.now() + 1_000_000).toISOString() });
  assert.ok((await refreshed).value.expires);
  client.close();
});

test("a ticket for each connection; where none is given for good, the client closes and says why; a wait is waited out", async () => {
  let given = 0;
  let refusal = null;
  const { client, socket, next, sockets } = await joinedRig({ ticket: async () => {
    if (refusal) throw refusal;
    return `t${++given}`;
  } });
  assert.equal(new URL(socket.url).searchParams.get("ticket"), "t1");
  socket.end(1012);
  const second = await next(1);
  assert.equal(new URL(second.url).searchParams.get("ticket"), "t2");
  second.welcome();
  refusal = new RoomcastError("rate_limited", "later", { retryAfterMs: 60_000, status: 429 });
  second.end(1006);
  await until(() => client.state === "offline", "it waits");
  assert.ok(client.retryAt - Date.now() > 50_000);
  refusal = new RoomcastError("bad_token", "the token ran out", { status: 401 });
  client.retryNow();
  await until(() => client.state === "closed", "it gives up");
  assert.deepEqual([client.code, client.reason, sockets.length], ["bad_token", "the token ran out", 2]);
});

test("the HTTP side asks as the protocol has it, and rejects with the server's code", async () => {
  const asked = [];
  let answer = { status: 200, body: {} };
  const api = new RoomcastApi({ url: "https://example.org/", token: () => "jwt", fetch: async (url, { method, headers, body }) => {
    asked.push([method, String(url), body && JSON.parse(body), headers["X-Room-Password"]]);
    assert.equal(headers.Authorization, "Bearer jwt");
    return { ok: answer.status < 400, status: answer.status, json: async () => answer.body };
  } });
  await api.rooms({ q: "a b", after: undefined, limit: 5 });
  await api.room("secret", "sesame");
  await api.changeRoom("r", { password: null });
  answer.body = { bans: ["x"] };
  assert.deepEqual(await api.bans("r"), ["x"]);
  await api.ban("r", "a/../b?");
  await api.deleteMessage("r", 5);
  await api.changePassword("a", "b");
  assert.deepEqual(asked, [
    ["GET", "https://example.org/rooms?q=a+b&limit=5", undefined, undefined],
    ["GET", "https://example.org/rooms/secret", undefined, "sesame"],
    ["PATCH", "https://example.org/rooms/r", { password: null }, undefined],
    ["GET", "https://example.org/rooms/r/bans", undefined, undefined],
    ["PUT", "https://example.org/rooms/r/bans/a%2F..%2Fb%3F", undefined, undefined],
    ["DELETE", "https://example.org/rooms/r/messages/5", undefined, undefined],
    ["POST", "https://example.org/me/password", { password: "a", new_password: "b" }, undefined],
  ]);
  answer = { status: 429, body: { error: { code: "rate_limited", message: "slowly", retry_after_ms: 700 } } };
  await assert.rejects(api.login("a", "b"), { code: "rate_limited", message: "slowly", retryAfterMs: 700, status: 429, final: false });
  answer = { status: 502, body: {} };
  await assert.rejects(api.me(), { code: "internal", final: false });
});

test("SHA-256 is the one that everybody has, however it is cut", () => {
  for (const bytes of [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 1000, 100_003]) {
    const data = randomBytes(bytes);
    for (const piece of [1, 37, 64, 1000, 200_000]) {
      if (bytes / piece > 10_000) continue;
      const hash = new Sha256();
      for (let at = 0; at < bytes; at += piece) hash.update(data.subarray(at, at + piece));
      assert.equal(hash.digest(), createHash("sha256").update(data).digest("hex"), `${bytes} bytes by ${piece}`);
    }
  }
});

test("an offer is read as it was written, and nothing else is taken for one", () => {
  const offer = { id: "0b9f1c52-7a51-4c7e-9c8e-0f2f0d5e8f11", name: "a photo.jpg", size: 4_200_000, sha256: "ab".repeat(32) };
  const text = offerText(offer);
  assert.deepEqual(offerIn(text), offer);
  assert.match(text.split("\n")[0], /^📎 a photo\.jpg \(4.2 MB\) — open Roomcast to receive it$/u);
  for (const wrong of [text.slice(1), text.replace('"size":42', '"size":-42'), text.replace("abab", "xyxy"), `${text}}`, text.split("\n")[0],
    text.replace('"name":"a photo.jpg"', '"name":7'), "📎 \nroomcast-file:1 null"]) assert.equal(offerIn(wrong), null, wrong);
  assert.equal(tidyName("../../etc/passwd"), ".._.._etc_passwd");
  assert.equal(tidyName(".."), "file");
  assert.equal(tidyName(`${"x".repeat(300)}.txt`).length, 200);
  assert.ok(tidyName(`${"x".repeat(300)}.txt`).endsWith(".txt"));
});
