// The past of a room: by scrolling, by date, and back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser, room;
const MESSAGES = 260;

before(async () => {
  [edge, browser] = await Promise.all([Edge.start(), launch()]);
  room = unique("history");
  const writer = await bot(edge, "writer");
  await writer.join(room);
  await Promise.all(Array.from({ length: MESSAGES }, (_, n) => writer.send(room, `message ${n}`)));
  writer.close();
});
after(async () => {
  await browser?.close();
  await edge?.end();
});

test("scrolling back loads all that was said, in order, none twice, and what one looks at stays in its place", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.sees(`message ${MESSAGES - 1}`);
  const atEnd = await ann.page.$eval("#scroll", (node) => node.scrollHeight - node.scrollTop - node.clientHeight);
  assert.ok(atEnd < 5, `opens at the end, not ${atEnd} px above it`);

  // One page, watched: the first message that is in view must not move when older ones come above it.
  const moved = await ann.page.evaluate(async () => {
    const scroll = document.getElementById("scroll");
    const first = document.querySelector("#messages .message:nth-of-type(5)");
    const { seq } = first.dataset;
    const count = document.querySelectorAll("#messages .message").length;
    scroll.scrollTop = 300;
    const before = first.getBoundingClientRect().top;
    await new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (document.querySelectorAll("#messages .message").length <= count) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(document.getElementById("messages"), { childList: true });
    });
    await new Promise(requestAnimationFrame);
    return document.querySelector(`#messages [data-seq="${seq}"]`).getBoundingClientRect().top - before;
  });
  assert.ok(Math.abs(moved) < 2, `moved by ${moved} px`);

  await ann.page.waitForFunction(() => {
    document.getElementById("scroll").scrollTop = 0;
    return document.querySelector("#top .beginning");
  });
  assert.deepEqual(await ann.texts(), Array.from({ length: MESSAGES }, (_, n) => `message ${n}`));
  const seqs = await ann.seqs();
  assert.deepEqual(seqs, [...new Set(seqs)].sort((a, b) => a - b));
  await ann.end();
});

test("who reads the past is told of news and not moved, and comes back by one press", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.sees(`message ${MESSAGES - 1}`);
  await ann.page.$eval("#scroll", (node) => { node.scrollTop = 500; });
  await ann.page.waitForSelector("#to-end:not([hidden])");
  const writer = await bot(edge, "writer");
  await writer.join(room);
  await writer.send(room, "breaking news");
  await ann.page.waitForSelector("#to-end >> text=1 new");
  await ann.page.click("#to-end");
  await ann.sees("breaking news");
  await ann.page.waitForSelector("#to-end", { state: "hidden" });
  await ann.page.waitForFunction(() => !document.querySelector("#rooms .badge"));
  writer.close();
  await ann.end();
});

test("a jump to a date shows what was said from then on, and the way back to now has no gap", async () => {
  const ann = await Person.at(browser, edge, "ann", room);
  await ann.sees(`message ${MESSAGES - 1}`);
  await ann.page.click("#to-date");
  await ann.page.fill("#date", new Date().toLocaleDateString("sv"));
  await ann.page.click("#date-form .primary");
  await ann.sees("message 0");
  await ann.page.waitForFunction(() => {
    const scroll = document.getElementById("scroll");
    scroll.scrollTop = scroll.scrollHeight;
    return [...document.querySelectorAll("#messages .text")].some((node) => node.textContent === "breaking news");
  });
  const texts = await ann.texts();
  assert.deepEqual(texts, [...Array.from({ length: MESSAGES }, (_, n) => `message ${n}`), "breaking news"].slice(-texts.length));
  await ann.page.click("#to-date");
  await ann.page.fill("#date", "2001-01-01");
  await ann.page.click("#date-form .primary");
  await ann.sees("message 0");
  await ann.end();
});
