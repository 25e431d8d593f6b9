// Offers of files: how they are made, who sees them, and what ends them; the bytes themselves are files.test.mjs's.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MB, cardSays, farAs, hashOf, makeFile, receive, scripts, withFakePicker, withPeersInReach, withoutPicker } from "./support/disk.mjs";
import { Edge } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

const come = (nick, room, script, more = {}) => Person.at(browser, edge, nick, room, { script: scripts(script), ...more });

test("a file that is dropped or pasted is offered, and who comes later sees the offer and can take it up", async () => {
  const room = unique("dropped");
  const ann = await come("ann", room, withoutPicker);
  await ann.page.evaluate(() => {
    const carrying = (name) => {
      const data = new DataTransfer();
      data.items.add(new File(["of words"], name, { type: "text/plain" }));
      return data;
    };
    const target = document.getElementById("messages");
    const drag = (type) => target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carrying("dropped.txt") }));
    drag("dragover");
    window.shown = !document.getElementById("drop").hidden;
    drag("drop");
    document.getElementById("text").dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: carrying("pasted.txt") }));
  });
  assert.equal(await ann.page.evaluate(() => window.shown && document.getElementById("drop").hidden), true);
  for (const name of ["dropped.txt", "pasted.txt"]) await cardSays(ann, name);
  const ben = await come("ben", room, withoutPicker);
  await cardSays(ben, "pasted.txt");
  const downloaded = ben.page.waitForEvent("download");
  await receive(ben);
  await downloaded;
  await cardSays(ben, "Its SHA-256 is right");
  await ann.end();
  await ben.end();
});

test("two receive the same file at once, each at their own pace", async () => {
  const room = unique("two");
  const ann = await come("ann", room, withoutPicker);
  const file = makeFile(edge, "both.bin", 24 * MB);
  await ann.page.setInputFiles("#file", file.path);
  const [slow, fast] = [await come("slow", room, withFakePicker), await come("fast", room, withoutPicker)];
  await cardSays(slow, "both.bin");
  await slow.page.evaluate(() => { window.disk.delayMs = 25; });
  await receive(slow);
  await farAs(slow, 0.01);
  const downloaded = fast.page.waitForEvent("download", { timeout: 120_000 });
  await receive(fast);
  assert.equal(await hashOf(await (await downloaded).path()), file.sha256);
  await cardSays(ann, `${fast.nick}: has it`);
  assert.equal(await slow.page.evaluate(() => window.disk.state), "open", "the slow one is still at it");
  await slow.page.evaluate(() => { window.disk.delayMs = 0; });
  await cardSays(slow, "Its SHA-256 is right");
  await cardSays(ann, `${slow.nick}: has it`);
  for (const person of [ann, slow, fast]) await person.end();
});

test("who leaves the room ends what is on its way there, and the other one is told", async () => {
  const room = unique("left");
  const ann = await come("ann", room, withoutPicker);
  await ann.page.setInputFiles("#file", makeFile(edge, "left.bin", 40 * MB).path);
  const [ben, cleo] = [await come("ben", room, withFakePicker), await come("cleo", room, withFakePicker)];
  for (const person of [ben, cleo]) {
    await cardSays(person, "left.bin");
    await person.page.evaluate(() => { window.disk.delayMs = 20; });
    await receive(person);
    await farAs(person, 0.01);
  }
  await ben.page.click("#leave");
  await ben.page.waitForFunction(() => window.disk.state === "aborted");
  await cardSays(ann, `${ben.nick}: cancelled`);
  await ann.page.click("#leave");
  await cardSays(cleo, `${ann.nick} stopped offering this file`);
  await cleo.page.waitForFunction(() => window.disk.state === "aborted");
  for (const person of [ann, ben, cleo]) await person.end();
});

test("where a browser cannot save a file as it comes in, one above 512 MiB is refused with the reason", async () => {
  const room = unique("huge");
  const ann = await come("ann", room, withoutPicker);
  const giver = await bot(edge, "giver");
  await giver.join(room);
  await giver.send(room, `📎 huge.iso (600 MB) — open Roomcast to receive it\nroomcast-file:1 ${JSON.stringify({
    id: "0b9f1c52-7a51-4c7e-9c8e-0f2f0d5e8f11", name: "huge.iso", size: 600 * MB, sha256: "ab".repeat(32) })}`);
  await receive(ann);
  await ann.page.waitForSelector("#toast >> text=takes 512 MiB at most");
  giver.close();
  await ann.end();
});

test("the STUN and TURN servers are those of the server's configuration", async () => {
  const room = unique("ice");
  const servers = [{ urls: ["turn:127.0.0.1:9"], username: "roomcast", credential: "secret" }];
  const configured = ({ page }) => page.route("**/config", async (route) => {
    await route.fulfill({ json: { guests: true, register: true, ice_servers: servers } });
  });
  const ann = await come("ann", room, withoutPicker);
  const ben = await Person.at(browser, edge, "ben", room, { script: scripts(withFakePicker, withPeersInReach), prepare: configured });
  await ann.page.setInputFiles("#file", makeFile(edge, "ice.bin", MB).path);
  await cardSays(ben, "ice.bin");
  await receive(ben);
  await cardSays(ben, "Its SHA-256 is right");
  const [given] = await ben.page.evaluate(() => window.peers.map((peer) => peer.getConfiguration().iceServers));
  assert.deepEqual(given.map(({ urls, username, credential }) => ({ urls, username, credential })), servers);
  await ann.end();
  await ben.end();
});
