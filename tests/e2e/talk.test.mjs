// Two people and more in rooms: what one says the others see, and nothing that anyone writes becomes more than text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

test("two people talk, in one order, grouped by who speaks", async () => {
  const room = unique("talk");
  const ann = await Person.at(browser, edge, "ann", room);
  const ben = await Person.at(browser, edge, "ben", room);
  await ann.say("hello");
  await ben.sees("hello");
  await ben.say("hi ann");
  await ann.sees("hi ann");
  await ann.say("one");
  await ann.say("two");
  await ben.sees("two");
  await ann.sees("two");
  assert.deepEqual(await ann.texts(), ["hello", "hi ann", "one", "two"]);
  assert.deepEqual(await ben.texts(), await ann.texts());
  assert.equal(await ben.page.locator("#messages .message.first").count(), 3);
  assert.equal(await ann.page.locator("#pending .message").count(), 0);
  const title = await ben.page.locator("#messages time").first().getAttribute("title");
  assert.match(title, new RegExp(String(new Date().getFullYear())));
  await ann.end();
  await ben.end();
});

test("typing is shown while it lasts, and who comes and goes is told", async () => {
  const room = unique("people");
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.page.waitForFunction(() => document.getElementById("room-about").textContent === "only you are here");
  const ben = await Person.at(browser, edge, "ben", room);
  await ann.page.waitForSelector(`#people-list .here >> text=${ben.nick}`);
  await ben.page.locator("#text").pressSequentially("thinking");
  await ann.page.waitForFunction((words) => document.getElementById("typing").textContent === words, `${ben.nick} is typing…`);
  await ben.page.fill("#text", "");
  await ann.page.waitForFunction(() => document.getElementById("typing").textContent === "");
  await ben.say("bye");
  await ann.sees("bye");
  await ben.end();
  await ann.page.waitForSelector(`#people-list .away >> text=${ben.nick}`);
  await ann.end();
});

test("several rooms at once: unread counts, the marker of what is new, drafts, and all of it after a reload", async () => {
  const [here, there] = [unique("here"), unique("there")];
  const ann = await Person.at(browser, edge, "ann", here);
  const ben = await Person.at(browser, edge, "ben", there);
  await ann.page.fill("#add-name", `#${there.toUpperCase()}`);
  await ann.page.press("#add-name", "Enter");
  await ann.live();
  await ann.say("I was here");
  await ben.sees("I was here");
  await ann.page.fill("#text", "a draft");
  await ann.page.click(`#rooms [data-room="${here}"]`);
  await ann.page.waitForFunction(() => document.querySelector("#text").value === "");
  await ben.say("first news");
  await ben.say("second news");
  await ann.page.waitForFunction((room) => document.querySelector(`[data-room="${room}"] .badge`)?.firstChild.textContent === "2", there);
  assert.match(await ann.page.title(), /^\(2\) /);

  await ann.page.reload();
  await ann.live();
  await ann.page.waitForFunction((room) => document.querySelector(`[data-room="${room}"] .badge`)?.firstChild.textContent === "2", there);
  await ann.page.click(`#rooms [data-room="${there}"]`);
  await ann.sees("second news");
  assert.equal(await ann.page.locator("#messages .marker + .message .text").textContent(), "first news");
  await ann.page.waitForFunction(() => !document.querySelector("#rooms .badge"));
  assert.equal(await ann.page.evaluate(() => location.hash), `#${there}`);

  await ann.page.click("#leave");
  await ann.page.waitForFunction((room) => !document.querySelector(`[data-room="${room}"]`), there);
  assert.equal(await ann.page.textContent("#room-name"), `#${here}`);
  await ann.end();
  await ben.end();
});

test("what is written like Markdown is shown like it, and links are links only where they are http", async () => {
  const room = unique("markdown");
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.say("**strong** and *soft* and `a *b* c` see https://example.org/a_(b)?q=1. 2*3*4 javascript:alert(1)");
  await ann.say("```js\nlet a = 1 < 2;\n```");
  await ann.page.waitForSelector("#messages pre code");
  const [first] = await ann.page.$$("#messages .text");
  assert.equal(await first.$eval("strong", (node) => node.textContent), "strong");
  assert.equal(await first.$eval("em", (node) => node.textContent), "soft");
  assert.equal(await first.$eval("code", (node) => node.textContent), "a *b* c");
  const links = await first.$$eval("a", (nodes) => nodes.map((node) => [node.getAttribute("href"), node.rel, node.target]));
  assert.deepEqual(links, [["https://example.org/a_(b)?q=1", "noopener noreferrer", "_blank"]]);
  assert.equal(await ann.page.textContent("#messages pre code"), "let a = 1 < 2;");
  await ann.end();
});

const ATTACKS = [
  "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "\"><svg onload=window.hit=1>", "[x](javascript:window.hit=1)",
  "https://example.org/\"onmouseover=\"window.hit=1", "`<b onclick=window.hit=1>`", "**<iframe srcdoc='<script>parent.hit=1</script>'>**",
  "📎 <img src=x onerror=window.hit=1> (1 kB) — open Roomcast to receive it\nroomcast-file:1 " +
    JSON.stringify({ id: "0123456789abcdef", name: "<img src=x onerror=window.hit=1>\u202egnp.exe", size: 1, sha256: "0".repeat(64) }),
  "javascript:window.hit=1", "jav\tascript:window.hit=1 http://<b>", "{{constructor.constructor('window.hit=1')()}}",
];

test("nothing that people write is run: texts, names, rooms, files, links", async () => {
  const room = unique("xss");
  const nick = "<img src=x onerror=window.hit=1>";
  const ann = await Person.at(browser, edge, nick, room);
  const eve = await bot(edge, "\"><script>window.hit=1</script>");
  await eve.join(room);
  for (const text of ATTACKS) await eve.send(room, text);
  eve.typing(room);
  await ann.page.waitForFunction((count) => document.querySelectorAll("#messages .message").length === count, ATTACKS.length);
  await ann.page.waitForFunction(() => document.getElementById("typing").textContent.includes("script"));
  await ann.say(ATTACKS[1]);
  await ann.sees(ATTACKS[1]);
  for (const hash of ["#<img src=x onerror=window.hit=1>", "#javascript:window.hit=1", "#%3Cscript%3E", "#%"]) {
    await ann.page.evaluate((value) => { location.hash = value; }, hash);
    await ann.page.waitForSelector("#toast >> text=does not name a room");
    await ann.page.evaluate(() => { document.getElementById("toast").hidden = true; });
  }
  await ann.page.fill("#add-name", "<script>");
  await ann.page.press("#add-name", "Enter");
  await ann.page.waitForSelector("#add-error:not([hidden])");
  await ann.page.evaluate(() => localStorage.setItem("roomcast", JSON.stringify({ rooms: [{ slug: "<img src=x onerror=window.hit=1>" }, null, 7], last: "<b>" })));
  await ann.page.reload();
  await ann.live();
  assert.equal(await ann.page.evaluate(() => window.hit), undefined);
  assert.equal(await ann.page.locator("#messages img, #messages script, #messages iframe, #rooms img, #people img").count(), 0);
  const schemes = await ann.page.$$eval("#messages a", (nodes) => nodes.map((node) => new URL(node.href).protocol));
  assert.ok(schemes.every((scheme) => scheme === "https:" || scheme === "http:"), String(schemes));
  eve.close();
  await ann.end();
});

test("five thousand messages at once do not drown the page: it stays at the end, and holds a bounded part of them", async () => {
  const room = unique("burst");
  const ann = await Person.at(browser, edge, "ann", room);
  const crier = await bot(edge, "crier");
  await crier.join(room);
  await Promise.all(Array.from({ length: 5_000 }, (_, n) => crier.send(room, `cry ${n}`)));
  await ann.sees("cry 4999");
  await ann.page.waitForFunction(() => {
    const scroll = document.getElementById("scroll");
    return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 5;
  });
  const texts = await ann.texts();
  assert.ok(texts.length <= 1_500, `${texts.length} are in the document`);
  assert.deepEqual(texts, Array.from({ length: 5_000 }, (_, n) => `cry ${n}`).slice(-texts.length));
  crier.close();
  await ann.end();
});

test("a text that is too long is not sent, and says by how much", async () => {
  const room = unique("long");
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.page.fill("#text", "x".repeat(17_000));
  await ann.page.waitForSelector("#compose-error >> text=Too long by");
  assert.ok(await ann.page.isDisabled("#send"));
  await ann.page.fill("#text", "");
  await ann.end();
});

test("a nick that does not work is explained", async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(edge.url);
  await page.fill("#nick", "ü".repeat(40));
  await page.click("#enter-button");
  await page.waitForSelector("#enter-error >> text=That name does not work");
  await context.close();
});
