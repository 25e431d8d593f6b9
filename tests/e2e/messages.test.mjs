// One message from its sender's key to the others' eyes: on its way, refused, sent again; under its day, at the reader's own time;
// and the link by which others come.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge } from "./support/edge.mjs";
import { Person, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

/** Lets a test answer frames of the page, and change those of the server; `to` and `from` give null for what is not to pass. */
const tap = ({ to = (frame) => frame, from = (frame) => frame }) => ({ page }) => page.routeWebSocket(/\/ws/, (socket) => {
  const server = socket.connectToServer();
  const tell = (frame) => frame && socket.send(JSON.stringify(frame));
  socket.onMessage((text) => {
    const frame = to(JSON.parse(text), tell);
    if (frame) server.send(JSON.stringify(frame));
  });
  server.onMessage((text) => tell(from(JSON.parse(text))));
});

test("a message on its way stands where it will stay; refused, it says why and can be sent again or thrown away", async () => {
  const room = unique("refused");
  let held = null;
  const ann = await Person.at(browser, edge, "ann", room, { prepare: tap({ to: (frame, tell) => {
    if (frame.text === "wait") {
      held = () => tell({ type: "error", code: "bad_id", id: frame.id, room, message: "not today" });
      return null;
    }
    if (frame.text?.startsWith("no")) tell({ type: "error", code: "bad_id", id: frame.id, room, message: "not today" });
    return frame.text?.startsWith("no") ? null : frame;
  } }) });
  await ann.say("yes");
  await ann.sees("yes");
  await ann.say("wait");
  await ann.page.waitForSelector("#pending .message.next.sending >> text=wait");  // in one group with the one above it
  held();
  await ann.page.waitForSelector("#pending .message.failed >> text=Not today.");
  await ann.say("no, thanks");
  await ann.page.waitForFunction(() => document.querySelectorAll("#pending .failed").length === 2);
  await ann.shot("refused");
  await ann.page.click("#pending .failed:has-text('no, thanks') >> text=Discard");
  await ann.page.waitForFunction(() => document.querySelectorAll("#pending .message").length === 1);
  assert.deepEqual(await ann.texts(), ["yes"]);
  held = null;
  await ann.page.click("#pending .failed >> text=Send again");
  await ann.page.waitForSelector("#pending .sending >> text=wait");
  await ann.end();
});

test("messages stand under their days, at the reader's own time", async () => {
  const room = unique("days");
  const times = ["2024-02-29T23:30:00.000Z", "2024-03-01T00:30:00.000Z", "2024-03-01T00:31:00.000Z", "2024-03-01T12:00:00.000Z"];
  const past = (frame) => (frame.type === "message" ? { ...frame, time: times[Number(frame.text)] } : frame);
  const seen = {};
  for (const [timezoneId, locale] of [["UTC", "en-GB"], ["America/New_York", "en-US"]]) {
    const slug = `${room}-${locale.toLowerCase()}`;
    const ann = await Person.at(browser, edge, "ann", slug, { timezoneId, locale, prepare: tap({ from: past }) });
    for (const n of times.keys()) {
      await ann.say(String(n));
      await ann.sees(String(n));
    }
    seen[timezoneId] = await ann.page.$$eval("#messages > li", (items) => items.map((item) =>
      (item.className === "day" ? item.textContent : `${item.querySelector("time").textContent}${item.matches(".first") ? "" : " +"}`).replace(/,/g, "").replace(/\u202f/g, " ")));
    await ann.end();
  }
  assert.deepEqual(seen, {
    UTC: ["Thursday 29 February 2024", "23:30", "Friday 1 March 2024", "00:30", "00:31 +", "12:00"],
    "America/New_York": ["Thursday February 29 2024", "6:30 PM", "7:30 PM", "7:31 PM +", "Friday March 1 2024", "7:00 AM"],
  });
});

test("what others say is announced to who does not see the page; one's own is not", async () => {
  const room = unique("announced");
  const ann = await Person.at(browser, edge, "ann", room);
  const ben = await Person.at(browser, edge, "ben", room);
  await ben.say("hello");
  await ann.page.waitForFunction((words) => document.getElementById("announce").textContent === words, `${ben.nick}: hello`);
  await ann.sees("hello");
  assert.equal(await ann.page.getAttribute("#announce", "aria-live"), "polite");
  assert.equal(await ben.page.textContent("#announce"), "");
  await ann.end();
  await ben.end();
});

test("the invitation link that one copies leads others into the room", async () => {
  const room = unique("invited");
  const ann = await Person.at(browser, edge, "ann", room, { permissions: ["clipboard-read", "clipboard-write"] });
  await ann.say("welcome");
  await ann.page.click("#invite");
  await ann.page.waitForSelector("#toast >> text=Copied");
  const link = await ann.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, `${edge.url}/#${room}`);
  const ben = await Person.before(browser, edge, "elsewhere");
  await ben.page.goto("about:blank");
  await ben.page.goto(link);
  await ben.enter({ nick: unique("ben"), mode: "guest" });
  await ben.live();
  await ben.sees("welcome");
  await ann.end();
  await ben.end();
});
