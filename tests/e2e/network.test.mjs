// The SDK, in Node and in Chromium, against a real edge with the network cut in between.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Cable } from "./support/cable.mjs";
import { Edge, ROOT, until } from "./support/edge.mjs";
import { bot, launch, unique } from "./support/people.mjs";

let edge, cable, browser;
before(async () => {
  [edge, browser] = await Promise.all([Edge.start(), launch()]);
  cable = await Cable.to(edge);
});
after(async () => {
  await browser?.close();
  await cable?.end();
  await edge?.end();
});

const numbered = (count) => Array.from({ length: count }, (_, n) => `n ${n}`);

/** Somebody whose network is whole, who sees what is in the room. */
async function witness(room) {
  const client = await bot(edge, unique("witness"));
  const seen = [];
  client.on("message", ({ text }) => seen.push(text));
  await client.join(room);
  return { client, seen };
}

test("in Node: cuts while messages are on their way lose none and double none, and the states tell of them", async () => {
  const room = unique("cut");
  const { client: reader, seen } = await witness(room);
  const client = await bot(cable, unique("cut"));
  const states = [];
  const own = [];
  client.on("state", ({ state }) => states.push(state));
  client.on("message", ({ text }) => own.push(text));
  await client.join(room);
  const acks = [];
  for (let n = 0; n < 90; n++) {
    acks.push(client.send(room, `n ${n}`));
    if (n % 30 === 10) {
      await acks[n - 5];  // some are acked, some on their way
      cable.cut();
    }
    if (n % 30 === 20) {
      await until(() => client.state === "offline", "the client is offline");
      assert.ok(client.retryAt > 0);
      cable.mend();
      client.retryNow();
    }
    if (n % 30 === 25) await until(() => client.state === "live", "the client is back");
  }
  const seqs = (await Promise.all(acks)).map(({ seq }) => seq);
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
  await until(() => seen.length >= 90 && own.length >= 90, "both have seen all");
  assert.deepEqual(seen, numbered(90));
  assert.deepEqual(own, numbered(90));
  assert.deepEqual([...new Set(states)].sort(), ["live", "offline", "recovering"]);
  client.close();
  reader.close();
});

test("in Node: a network that swallows everything is noticed, and what came meanwhile is there after it", async () => {
  const room = unique("silent");
  const { client: reader } = await witness(room);
  const client = await bot(cable, unique("silent"));
  await client.join(room);
  await client.send(room, "before");
  cable.muffle();
  const waiting = client.send(room, "into the silence");
  await reader.send(room, "meanwhile");
  client.probe();
  await until(() => client.state !== "live", "the silence is noticed");
  await assert.rejects(client.history(room), { code: "disconnected" });
  const told = client.events("joined", "message");
  const first = told.next();
  cable.mend();
  client.retryNow();
  assert.equal((await first).value.resumed, true);
  assert.equal((await told.next()).value.text, "meanwhile");
  assert.ok((await waiting).seq > 0);
  client.close();
  reader.close();
});

test("in Node: typing, who comes and goes, and signals pass between two sessions; history is read page by page", async () => {
  const room = unique("passing");
  const { client: ann } = await witness(room);
  const told = ann.events("presence", "typing", "signal");
  const next = async (fits) => {
    for (;;) {
      const { value } = await told.next();
      if (fits(value)) return value;
    }
  };
  const ben = await bot(edge, unique("ben"));
  await ben.join(room);
  await next(({ joined }) => joined?.some(({ user }) => user === ben.user));
  ben.typing(room);
  const typing = await next(({ event }) => event === "typing");
  assert.deepEqual([typing.user, typing.typing], [ben.user, true]);
  const { members, count } = await ben.members(room);
  assert.equal(count, 2);
  ben.signal(room, members.find(({ user }) => user === ann.user).session, { app: "test", n: 1 });
  const signal = await next(({ event }) => event === "signal");
  assert.deepEqual([signal.from, signal.user, signal.data], [ben.session, ben.user, { app: "test", n: 1 }]);
  await Promise.all(numbered(25).map((text) => ben.send(room, text)));
  const read = [];
  let page = await ben.history(room, { limit: 10 });
  for (;;) {
    read.unshift(...page.messages.map(({ text }) => text));
    if (!page.more) break;
    page = await ben.history(room, { before: page.from, limit: 10 });
  }
  assert.deepEqual(read, numbered(25));
  ben.leave(room);
  await next(({ left }) => left?.some(({ session }) => session === ben.session));
  await told.return();
  ann.close();
  ben.close();
});

test("in Chromium: the same module, by the cookie, through cuts; the iterator tells each message once", async () => {
  const room = unique("chromium");
  const { client: reader, seen } = await witness(room);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(cable.url);
  await page.evaluate(async ([slug, nick]) => {
    const { RoomcastApi, RoomcastClient } = await import("/sdk/roomcast.js");
    await new RoomcastApi().guest(nick);
    const client = new RoomcastClient();
    Object.assign(window, { client, seen: [], states: [], acks: [] });
    client.on("state", ({ state }) => window.states.push(state));
    client.connect();
    await client.join(slug);
    (async () => {
      for await (const { text } of client.events("message")) window.seen.push(text);
    })();
  }, [room, unique("browser")]);
  const say = (from, to) => page.evaluate(([slug, first, last]) => {
    for (let n = first; n < last; n++) window.acks.push(window.client.send(slug, `n ${n}`));
  }, [room, from, to]);
  await say(0, 10);
  cable.cut();
  await page.waitForFunction(() => window.client.state === "offline");
  await say(10, 20);
  cable.mend();
  await page.evaluate(() => window.client.retryNow());
  await page.waitForFunction(() => window.client.state === "live");
  await say(20, 30);
  const seqs = await page.evaluate(async () => (await Promise.all(window.acks)).map(({ seq }) => seq));
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
  await until(() => seen.length >= 30, "the witness saw all");
  assert.deepEqual(seen, numbered(30));
  await page.waitForFunction(() => window.seen.length >= 30);
  assert.deepEqual(await page.evaluate(() => window.seen), numbered(30));
  await context.close();
  reader.close();
});

test("the SDK's types hold, its modules are small and need nobody else's", async () => {
  const sdk = path.join(ROOT, "web/sdk");
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(sdk, "node_modules/typescript/bin/tsc"), "-p", sdk]).catch((failure) => failure);
  assert.equal(stdout, "");
  const manifest = JSON.parse(readFileSync(path.join(sdk, "package.json"), "utf8"));
  assert.equal(manifest.dependencies, undefined, "it needs nobody");
  const packed = await promisify(execFile)("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", sdk], { cwd: edge.dir, env: { ...process.env, npm_config_cache: edge.dir } });
  const inside = JSON.parse(packed.stdout)[0].files.map((file) => file.path);
  for (const file of readdirSync(sdk).filter((name) => /\.js$|^README/.test(name))) assert.ok(inside.includes(file), `${file} is in the package for npm`);
  for (const file of readdirSync(sdk).filter((name) => name.endsWith(".js"))) {
    const lines = readFileSync(path.join(sdk, file), "utf8").split("\n");
    assert.ok(lines.length <= 300, `${file} has ${lines.length} lines`);
    for (const [, from] of lines.join("\n").matchAll(/ from "([^"]+)"/g)) assert.match(from, /^\.\/[a-z]+\.js$/, "it imports its own modules alone");
  }
});
