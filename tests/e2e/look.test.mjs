// How it looks and weighs: screenshots in build/e2e, the phone's layout, axe-core, page weight, time to the first message.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { violations } from "./support/axe.mjs";
import { Edge, until } from "./support/edge.mjs";
import { Person, bot, launch } from "./support/people.mjs";

const WEIGHT_KB_MOST = 60;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 1 };

let edge, browser, room;
before(async () => {
  [edge, browser] = await Promise.all([Edge.start(), launch()]);
  room = "design-review";
  await furnish(room);
});
after(async () => {
  for (const speaker of speakers) speaker.close();
  await browser?.close();
  await edge?.end();
});

const speakers = [];

/** A room in which something has been said. */
async function furnish(slug) {
  const names = ["Mira Okafor", "jonas", "Li Wei"];
  const [mira, jonas, li] = await Promise.all(names.map((name) => bot(edge, name, { exact: true })));
  speakers.push(mira, jonas, li);
  for (const speaker of speakers) await speaker.join(slug);
  const say = (who, text) => who.send(slug, text);
  await say(mira, "Morning! The staging cluster is on the new build since nine.");
  await say(mira, "Failover is down to **0.4 s** in the last three runs – numbers are in https://example.org/reports/failover?run=42 if you want to look.");
  await say(jonas, "Lovely. I still see one slow join after a restart, though:");
  await say(jonas, "```\nroom=general  joined after 1204 ms\nroom=random   joined after   38 ms\n```");
  await say(li, "That is the first one after `retention` ran, I think. The log's start has moved, so it has to look for it.");
  await say(mira, "Can we warm it up? Or is it *really* only the very first member of a room after a restart who waits for it, and nobody else – then I would rather leave it be and write it down.");
  await say(li, "Only the first. I'll write it down.");
  await say(jonas, "📎 failover-numbers.csv (184.3 kB) — open Roomcast to receive it\nroomcast-file:1 " +
    JSON.stringify({ id: "0b9f1c52-7a51-4c7e-9c8e-0f2f0d5e8f11", name: "failover-numbers.csv", size: 184_320, sha256: "ab".repeat(32) }));
}

for (const colorScheme of ["light", "dark"]) {
  test(`the desktop, ${colorScheme}: looked at, and without serious violations of accessibility`, async () => {
    const ann = await Person.at(browser, edge, colorScheme === "light" ? "Ann Lee" : "Ann Park", room, { exact: true, colorScheme });
    for (const other of ["general", "random"]) {
      await ann.page.fill("#add-name", other);
      await ann.page.press("#add-name", "Enter");
      await ann.live();
    }
    await speakers[1].join("random");
    await speakers[1].send("random", "lunch?");
    await ann.page.click(`#rooms [data-room="${room}"]`);
    await speakers[1].send("random", "or coffee?");
    await ann.page.waitForSelector("#messages .card");
    await ann.page.waitForSelector('#rooms [data-room="random"] .badge');
    speakers[2].typing(room);
    await ann.page.waitForFunction(() => document.getElementById("typing").textContent !== "");
    await ann.shot(`desktop-${colorScheme}`);
    assert.deepEqual(await violations(ann.page), []);
    speakers[2].typing(room, false);
    await ann.page.click('#rooms [data-room="general"]');
    await ann.page.waitForSelector("#top .beginning");
    await ann.shot(`empty-room-${colorScheme}`);
    assert.deepEqual(await violations(ann.page), []);
    for (const opener of ["browse", "create", "to-date", "account"]) {
      await ann.page.click(`#${opener}`);
      await ann.page.waitForSelector("dialog[open]");
      await ann.shot(`${opener}-${colorScheme}`);
      assert.deepEqual(await violations(ann.page), [], opener);
      if (opener !== "account") await ann.page.keyboard.press("Escape");
    }
    await ann.page.click("dialog >> text=Change the name");
    await ann.page.waitForSelector("#enter:not([hidden])");
    await ann.shot(`enter-${colorScheme}`);
    assert.deepEqual(await violations(ann.page), []);
    await ann.end();
  });

  test(`a phone, ${colorScheme}: one column, two drawers, nothing wider than the screen`, async () => {
    const ann = await Person.at(browser, edge, colorScheme === "light" ? "Ida Brandt" : "Ida Lund", room, { exact: true, ...PHONE, colorScheme });
    await ann.page.waitForSelector("#messages .card");
    await ann.page.waitForSelector("#people", { state: "hidden" });
    assert.equal(await ann.page.evaluate(() => document.documentElement.scrollWidth), 390);
    const small = await ann.page.$$eval("#conversation button", (buttons) => buttons.filter((button) => button.offsetParent)
      .map((button) => button.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 24).length);
    assert.equal(small, 0);
    await ann.shot(`phone-${colorScheme}`);
    await ann.page.click("#more-tools");
    await ann.page.waitForSelector("#leave:visible");
    await ann.shot(`phone-menu-${colorScheme}`);
    assert.deepEqual(await violations(ann.page), []);
    await ann.page.keyboard.press("Escape");
    await ann.page.waitForSelector("#leave", { state: "hidden" });
    await ann.page.click("#open-rooms");
    await ann.page.waitForFunction(() => document.getElementById("sidebar").getBoundingClientRect().left === 0);
    await ann.shot(`phone-rooms-${colorScheme}`);
    assert.deepEqual(await violations(ann.page), []);
    await ann.page.keyboard.press("Escape");
    await ann.page.waitForSelector("#sidebar", { state: "hidden" });
    await ann.page.click("#show-people");
    await ann.page.waitForSelector("#people-list .here >> text=jonas");
    await ann.shot(`phone-people-${colorScheme}`);
    await ann.page.click("#close-people");
    await ann.say("from my phone");
    await ann.sees("from my phone");
    await ann.end();
  });
}

test("by the keyboard alone: a room is opened, a message written, the members shown and hidden", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  const { page } = ann;
  const focused = () => page.evaluate(() => document.activeElement.id);
  assert.equal(await focused(), "text");
  await page.keyboard.type("typed");
  await page.keyboard.press("Enter");
  await ann.sees("typed");
  assert.equal(await focused(), "text");
  const order = [];
  await page.evaluate(() => document.activeElement.blur());
  for (let n = 0; n < 20; n++) {
    await page.keyboard.press("Tab");
    order.push(await page.evaluate(() => document.activeElement.id || document.activeElement.dataset.room || ""));
  }
  for (const id of ["skip", room, "add-name", "account", "invite", "to-date", "leave", "show-people", "scroll"]) {
    assert.ok(order.includes(id), `${id} is reached by Tab: ${order}`);
  }
  assert.ok(order.indexOf("add-name") < order.indexOf("invite") && order.indexOf("invite") < order.indexOf("scroll"), String(order));
  await page.focus("#show-people");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#people", { state: "hidden" });
  await page.keyboard.press("Enter");
  await page.waitForSelector("#people:not([hidden])");
  assert.equal(await focused(), "people-title");
  await ann.end();
});

test("what is hidden is told by the title, and by a notification where that was asked for", async () => {
  const ann = await Person.at(browser, edge, "ann", room, {
    permissions: ["notifications"],
    script: () => {
      window.notes = [];
      window.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, { body }) { window.notes.push(`${title}: ${body}`); }
        close() {}
      };
    },
  });
  await ann.page.click("#notify");
  await ann.page.waitForSelector("#notify[aria-pressed=true]");
  await ann.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.hasFocus = () => false;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await speakers[0].send(room, "anybody there?");
  await until(async () => (await ann.page.title()).startsWith("(1) "), "the title tells of it");
  assert.deepEqual(await ann.page.evaluate(() => window.notes), [`Mira Okafor in #${room}: anybody there?`]);
  await ann.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
    document.hasFocus = () => true;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await until(async () => !(await ann.page.title()).startsWith("("), "read, it is told no more");
  await ann.end();
});

test("who comes back is connected and in the room while the page is still loading; nothing said meanwhile is missed", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.page.waitForSelector("#messages .message");
  let loadOn;
  const held = new Promise((resolve) => { loadOn = resolve; });
  await ann.page.route("**/timeline.js", async (route) => {
    await held;
    await route.continue();
  });
  const sockets = [];
  ann.page.on("websocket", (socket) => sockets.push(socket));
  const came = [];
  speakers[0].on("presence", ({ joined }) => came.push(...joined.map(({ user }) => user)));
  await ann.page.reload({ waitUntil: "commit" });
  await until(() => came.includes(ann.nick), "she is in the room");
  await speakers[0].send(room, "while you were loading");
  loadOn();
  await ann.live();
  await ann.sees("while you were loading");
  const texts = await ann.texts();
  assert.equal(texts.filter((text) => text === "while you were loading").length, 1);
  assert.ok(texts.length > 5, "and what was said before");
  assert.equal(sockets.length, 1);
  await ann.end();
});

test("the page is light, and the first message is soon there", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  const loaded = async () => ["/", ...new Set(await ann.page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)))]
    .filter((path) => /(\/|\.(js|css|svg))$/.test(path));
  const weigh = async (paths, encoding) => {
    const answers = await Promise.all(paths.map((path) => edge.request("GET", path, undefined, { "Accept-Encoding": encoding })));
    return answers.reduce((sum, { body }) => sum + body.length, 0) / 1000;
  };
  const entered = await loaded();  // with all that it takes to come in
  assert.ok(entered.length > 20, String(entered));
  const packed = await weigh(entered, "gzip");
  const times = [];
  for (let n = 0; n < 5; n++) {
    await ann.page.reload({ waitUntil: "commit" });
    await ann.page.waitForSelector("#messages .message");
    times.push(await ann.page.evaluate(() => performance.now()));
  }
  const back = await loaded();
  console.log(`page weight: ${packed.toFixed(1)} kB compressed, ${(await weigh(entered, "identity")).toFixed(1)} kB plain, in ${entered.length} files; ` +
    `for who comes back ${(await weigh(back, "gzip")).toFixed(1)} kB in ${back.length}`);
  console.log(`first message after ${Math.round(times.sort((a, b) => a - b)[2])} ms (median of 5 visits)`);
  assert.ok(packed < WEIGHT_KB_MOST, `${packed} kB`);
  await ann.end();
});
