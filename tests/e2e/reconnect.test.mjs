// The edge dies and comes back: nothing is lost, nothing doubled, and people are told.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge, until } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

test("after kill -9 and a restart every message is there once, in one order, for both", async () => {
  const room = unique("crash");
  const ann = await Person.at(browser, edge, "ann", room);
  const ben = await Person.at(browser, edge, "ben", room);
  const said = [];
  const say = async (person, text) => {
    said.push(text);
    await person.say(text);
  };
  for (let n = 0; n < 10; n++) await say(n % 2 ? ann : ben, `before ${n}`);
  const dying = edge.kill();
  await say(ann, "into the void 1");
  await say(ann, "into the void 2");
  await dying;
  await say(ann, "into the void 3");
  await ann.page.waitForSelector("#bar:not([hidden])");
  await say(ben, "while it is away");
  await ann.shot("offline");
  assert.ok(await ann.page.locator("#pending .message").count() >= 1);
  await edge.run();
  await ann.page.click("#bar-now", { timeout: 2_000 }).catch(() => {});  // or it is back already
  for (const person of [ann, ben]) {
    await person.live();
    for (const text of said) await person.sees(text);
    await person.page.waitForFunction(() => !document.querySelector("#pending .message") && document.getElementById("bar").hidden);
  }
  await say(ann, "after");
  for (const person of [ann, ben]) await person.sees("after");
  const [annTexts, benTexts] = [await ann.texts(), await ben.texts()];
  assert.deepEqual(annTexts, benTexts);
  assert.deepEqual([...annTexts].sort(), [...said].sort());
  const voids = annTexts.filter((text) => text.startsWith("into the void"));
  assert.deepEqual(voids, [1, 2, 3].map((n) => `into the void ${n}`));
  await ann.end();
  await ben.end();
});

test("a guest whose cookie is gone is told that the nick is still taken, and goes on under another", async () => {
  const room = unique("cookie");
  const ann = await Person.at(browser, edge, unique("ann"), room);
  await ann.say("before");
  await ann.sees("before");
  await ann.context.clearCookies();
  await ann.page.reload();
  await ann.page.waitForSelector("#enter-error:not([hidden]) >> text=uses that name by now");
  await ann.enter({ nick: unique("anne"), mode: "guest", room });
  await ann.live();
  await ann.say("after");
  await ann.sees("after");
  await ann.end();
});

test("the SDK in Node: what is sent across kills and restarts is acked once each, in order", async () => {
  const room = unique("sdk");
  const [sender, reader] = [await bot(edge, "sender"), await bot(edge, "reader")];
  const seen = [];
  const states = [];
  reader.on("joined", ({ messages }) => seen.push(...messages));
  reader.on("message", (message) => seen.push(message));
  sender.on("state", ({ state }) => states.push(state));
  await Promise.all([sender.join(room), reader.join(room, { last: 200 })]);
  const acks = [];
  for (let n = 0; n < 60; n++) {
    acks.push(sender.send(room, `n ${n}`));
    if (n === 20) await edge.kill();
    if (n === 30) await edge.run();
    if (n === 45) {
      await acks[44];
      await edge.stop();
      await edge.run();
    }
  }
  const settled = await Promise.all(acks);
  await until(() => seen.length >= 60, "the reader saw all");
  assert.deepEqual(seen.map(({ text }) => text), Array.from({ length: 60 }, (_, n) => `n ${n}`));
  assert.deepEqual(settled.map(({ seq }) => seq), seen.map(({ seq }) => seq));
  assert.ok(states.includes("recovering") && states.at(-1) === "live", String(states));
  const page = await reader.history(room, { before: seen[10].seq, limit: 5 });
  assert.deepEqual(page.messages.map(({ text }) => text), ["n 5", "n 6", "n 7", "n 8", "n 9"]);
  // Those of an edge that was killed may be listed for some seconds more.
  await until(async () => (await reader.members(room)).count === 2, "two are in the room");
  await assert.rejects(sender.send(room, "x".repeat(20_000)), { code: "text_too_long" });
  await assert.rejects(sender.send("elsewhere", "hi"), { code: "not_a_member" });
  await assert.rejects(sender.join("Not A Room"), { code: "bad_room" });
  sender.close();
  reader.close();
  assert.equal(reader.state, "closed");
});

test("the SDK's events come through an async iterator too", async () => {
  const room = unique("iterator");
  const [sender, reader] = [await bot(edge, "sender"), await bot(edge, "reader")];
  await Promise.all([sender.join(room), reader.join(room)]);
  const events = reader.events("message");
  const first = events.next();
  await sender.send(room, "one");
  await sender.send(room, "two");
  assert.equal((await first).value.text, "one");
  assert.equal((await events.next()).value.text, "two");
  await events.return();
  sender.close();
  reader.close();
});
