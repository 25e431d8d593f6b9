// Rooms as such: finding and making them, private ones, and the owner's tools.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser, ann, ben;
before(async () => {
  [edge, browser] = await Promise.all([Edge.start(), launch()]);
  ann = await Person.at(browser, edge, unique("ann"), unique("lobby"), { mode: "register", password: "ann's" });
  ben = await Person.at(browser, edge, unique("ben"), unique("lobby"), { mode: "register", password: "ben's" });
});
after(async () => {
  await ann?.end();
  await ben?.end();
  await browser?.close();
  await edge?.end();
});

async function create(person, { room, title = "", password, kept }) {
  await person.page.click("#create");
  await person.page.fill("dialog >> label:text-is('Name') + input", room);
  await person.page.fill("dialog >> label:text-is('Title') + input", title);
  if (password) {
    await person.page.check("dialog >> [value=private]");
    await person.page.fill("dialog >> label:text-is('Password') + input", password);
  }
  if (kept) await person.page.selectOption("dialog select", kept);
  await person.page.click("dialog >> text=Create the room");
  await person.page.waitForSelector("dialog", { state: "detached" });
  await person.page.waitForFunction((slug) => document.getElementById("room-name").textContent === `#${slug}` && document.querySelector("#top .beginning:not(.out)"), room);
}

async function open(person, room) {
  await person.page.evaluate((slug) => { location.hash = slug; }, room);
  await person.page.waitForFunction((slug) => document.getElementById("room-name").textContent === `#${slug}`, room);
}

const isIn = (person) => person.page.waitForFunction(() => !document.querySelector("#top .out, #top .skeleton") && !document.getElementById("text").disabled);
const isOut = (person, words) => person.page.waitForSelector(`#top .out >> text=${words}`);

async function givePassword(person, password) {
  await person.page.fill("#room-password", password);
  await person.page.click("#top .out button");
}

/** Does something in the settings' section of that heading. */
async function settings(person, doing) {
  await person.page.click("#settings");
  await person.page.waitForSelector("dialog[open]");
  await doing(person.page);
}

test("a public room is found by its name and its title, and opened from the list; a private one is not listed", async () => {
  const [open1, secret] = [unique("book-club"), unique("secret")];
  await create(ann, { room: open1, title: "Novels & <b>poems</b>" });
  await create(ann, { room: secret, password: "sesame" });
  await ben.page.click("#browse");
  await ben.page.fill("dialog [type=search]", "novels");
  const row = `dialog .found a[href="#${open1}"]`;
  await ben.page.waitForSelector(row);
  assert.equal(await ben.page.textContent(`${row} b`), "Novels & <b>poems</b>");
  await ben.page.fill("dialog [type=search]", secret);
  await ben.page.waitForSelector("dialog >> text=No public room is called like that");
  await ben.page.fill("dialog [type=search]", open1);
  await ben.page.waitForSelector(row);
  await ben.shot("browse");
  await ben.page.click(row);
  await isIn(ben);
  assert.equal(await ben.page.textContent("#room-title"), "Novels & <b>poems</b>");
  await ben.page.click("#create");
  await ben.page.fill("dialog >> label:text-is('Name') + input", open1);
  await ben.page.click("dialog >> text=Create the room");
  await ben.page.waitForSelector("dialog .error >> text=There is a room of this name already");
  await ben.page.keyboard.press("Escape");
});

test("a private room opens by its password alone, by the invite link too, and again after a reload of the tab", async () => {
  const room = unique("private");
  await create(ann, { room, password: "sesame" });
  await ann.say("between us");
  await open(ben, room);
  await isOut(ben, "A password is needed here");
  await ben.shot("private-room");
  await givePassword(ben, "open");
  await isOut(ben, "That did not open it");
  await givePassword(ben, "sesame");
  await isIn(ben);
  await ben.sees("between us");
  await ben.page.reload();
  await ben.live();
  await ben.sees("between us");
  await open(ben, unique("never-made"));
  await isIn(ben);
});

test("a kicked one is told and may come back; a banned one may not, until the ban is lifted", async () => {
  const room = unique("unruly");
  await create(ann, { room });
  await open(ben, room);
  await isIn(ben);
  await ben.say("rubbish");
  await ann.sees("rubbish");
  await ann.page.click(`[aria-label="Take ${ben.nick} out of the room"]`);
  await isOut(ben, "You were taken out of this room");
  await ben.page.click("#top .out button");
  await isIn(ben);
  await ann.page.click(`[aria-label="Ban ${ben.nick} from the room"]`);
  await ann.page.click("dialog >> text=/^Ban$/");
  await isOut(ben, "You are banned from this room");
  await ben.shot("banned");
  await ben.page.reload();
  await isOut(ben, "You are banned from this room");
  await settings(ann, (page) => page.click(`dialog .bans li:has-text("${ben.nick}") button`));
  await ann.page.waitForSelector("#toast >> text=may come back");
  await ann.shot("settings");
  await ann.page.keyboard.press("Escape");
  await ben.page.reload();
  await isIn(ben);
  assert.equal(await ben.page.locator("#settings:visible, .remove, #people-list .tools").count(), 0, "the owner's tools are the owner's");
});

test("a deleted message is gone for everybody, at once, in history and after a reconnect", async () => {
  const room = unique("tidy");
  await create(ann, { room });
  await open(ben, room);
  await isIn(ben);
  for (const text of ["one", "two", "three"]) await ben.say(text);
  await ann.sees("three");
  const item = ann.page.locator("#messages .message", { hasText: "two" });
  await item.hover();
  await item.locator(".remove").click();
  await ann.page.click("dialog >> text=/^Delete$/");
  for (const person of [ann, ben]) {
    await person.page.waitForFunction(() => ![...document.querySelectorAll("#messages .text")].some((node) => node.textContent === "two"));
    assert.deepEqual(await person.texts(), ["one", "three"]);
  }
  await ben.page.reload();
  await ben.sees("three");
  assert.deepEqual(await ben.texts(), ["one", "three"]);
  await ben.say("four");
  await ann.sees("four");
});

test("title, password and retention can be changed; who was in is asked for the new password", async () => {
  const room = unique("changing");
  await create(ann, { room });
  await open(ben, room);
  await isIn(ben);
  await settings(ann, async (page) => {
    await page.fill("dialog >> label:text-is('Title') + input", "A <i>new</i> title");
    await page.selectOption("dialog select", "604800");
    await page.click("dialog >> text=/^Save$/");
  });
  await ben.page.waitForFunction(() => document.getElementById("room-title").textContent === "A <i>new</i> title");
  await settings(ann, async (page) => {
    assert.equal(await page.inputValue("dialog select"), "604800");
    await page.fill("dialog >> label:text-is('Password') + input", "sesame");
    await page.click("dialog >> text=Make it private");
  });
  await isOut(ben, "This room has a new password");
  await givePassword(ben, "sesame");
  await isIn(ben);
  await ann.say("only we");
  await ben.sees("only we");
  await ann.page.reload();
  await isIn(ann);
  await settings(ann, (page) => page.click("dialog >> text=Make it public"));
  await ann.page.waitForSelector("#toast >> text=Everybody may come in now");
});

test("a room is handed over, and deleted by its new owner; who was in is told", async () => {
  const room = unique("heritage");
  await create(ann, { room });
  await open(ben, room);
  await isIn(ben);
  await settings(ann, async (page) => {
    await page.click("dialog summary >> text=Hand the room over");
    await page.fill("dialog >> label:text-is('New owner') + input", ben.nick);
    await page.click("dialog >> text=Hand it over");
  });
  await ben.page.waitForSelector("#settings:visible");
  await ann.page.waitForSelector("#settings", { state: "hidden" });
  await settings(ben, async (page) => {
    await page.click("dialog summary >> text=Delete the room");
    await page.fill(`dialog >> label:has-text("Type ${room}") + input`, "another");
    await page.click("dialog button >> text=Delete the room");
    await page.waitForSelector("dialog .error >> text=not the room's name");
    await page.fill(`dialog >> label:has-text("Type ${room}") + input`, room);
    await page.click("dialog button >> text=Delete the room");
  });
  for (const person of [ann, ben]) await isOut(person, "This room was deleted");
});

test("the SDK tells of deletions, of a room's description, and why one was put out", async () => {
  const room = unique("sdk");
  await create(ann, { room, password: "sesame" });
  const client = await bot(edge, unique("bot"));
  await assert.rejects(client.join(room), { code: "no_such_room" });
  await assert.rejects(client.join(room, { password: "wrong" }), { code: "no_such_room" });
  const joined = await client.join(room, { password: "sesame" });
  assert.deepEqual([joined.private, joined.owner], [true, ann.nick]);
  const events = client.events("deleted", "left");
  const first = events.next();
  const { seq } = await client.send(room, "delete me");
  await ann.sees("delete me");
  await ann.page.locator("#messages .message", { hasText: "delete me" }).hover();
  await ann.page.click("#messages .remove >> nth=-1");
  await ann.page.click("dialog >> text=/^Delete$/");
  assert.equal((await first).value.seq, seq);
  assert.deepEqual((await client.history(room)).messages, []);
  await ann.page.click(`[aria-label="Take ${client.user} out of the room"]`);
  assert.equal((await events.next()).value.reason, "kicked");
  client.close();
});
