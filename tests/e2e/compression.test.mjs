// A browser at an edge that compresses: what it offers by itself is accepted, and nobody sees a difference.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Edge } from "./support/edge.mjs";
import { Person, bot, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start("--compress-from", "100"), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

test("Chromium negotiates compression, and says, hears and scrolls back as ever", async () => {
  const room = unique("small");
  const writer = await bot(edge, "writer");
  await writer.join(room);
  const told = Array.from({ length: 80 }, (_, n) => `message ${n} ${"Grüße ".repeat(n)}`.trim());
  await Promise.all(told.map((text) => writer.send(room, text)));

  let answer;
  const ann = await Person.at(browser, edge, "ann", room, {
    prepare: async ({ page }) => {
      const spy = await page.context().newCDPSession(page);
      await spy.send("Network.enable");
      spy.on("Network.webSocketHandshakeResponseReceived", ({ response }) => { answer = response.headers; });
    },
  });
  await ann.sees(told.at(-1));
  assert.match(answer["Sec-WebSocket-Extensions"], /^permessage-deflate; server_no_context_takeover; client_no_context_takeover$/);

  await ann.say("and ".repeat(300).trim());  // compressed by the browser
  await writer.send(room, "or ".repeat(300).trim());
  await ann.sees("or ".repeat(300).trim());
  await ann.page.waitForFunction(() => {
    document.getElementById("scroll").scrollTop = 0;
    return document.querySelector("#top .beginning");
  });
  assert.deepEqual(await ann.texts(), [...told, "and ".repeat(300).trim(), "or ".repeat(300).trim()]);
  writer.close();
  await ann.end();
});
