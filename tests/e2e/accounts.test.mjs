// Accounts: signing up, logging in and out, the password; what people are told when a session ends.

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

const PASSWORD = "correct horse";
const says = (person, words) => person.page.waitForSelector(`#enter-error:not([hidden]) >> text=${words}`);

test("one signs up, talks, logs out, and logs in again; the name is nobody else's", async () => {
  const room = unique("account");
  const nick = unique("ann");
  const ann = await Person.at(browser, edge, nick, room, { mode: "register", password: PASSWORD });
  await ann.say("it is me");
  await ann.sees("it is me");
  const other = await Person.before(browser, edge, room);
  await other.enter({ nick, mode: "guest" });
  await says(other, "That name is taken");
  await other.enter({ nick, mode: "register", password: PASSWORD });
  await says(other, "That name is taken");
  await other.enter({ nick, mode: "login", password: "wrong" });
  await says(other, "The name or the password is wrong");
  await other.enter({ nick: unique("nobody"), mode: "login", password: "wrong" });
  await says(other, "The name or the password is wrong");
  await other.shot("login-wrong");
  await other.enter({ nick, mode: "login", password: PASSWORD });
  await other.live();
  await other.sees("it is me");

  await ann.page.click("#account");
  await ann.page.click("dialog >> button:text-is('Log out')");
  await says(ann, "logged out");
  await other.live();  // a token of its own
  assert.equal(await ann.page.evaluate(() => fetch("me").then(({ status }) => status)), 401);
  assert.equal(await ann.page.evaluate(() => localStorage.getItem("roomcast")), "{}");
  await ann.enter({ nick, mode: "login", password: PASSWORD, room });
  await ann.live();
  await ann.sees("it is me");
  await ann.end();
  await other.end();
});

test("a changed password: the one who changed it stays, other devices are told, the old one is good no more", async () => {
  const room = unique("password");
  const nick = unique("ben");
  const here = await Person.at(browser, edge, nick, room, { mode: "register", password: PASSWORD });
  const there = await Person.at(browser, edge, nick, room, { mode: "login", password: PASSWORD });
  await here.page.click("#account");
  await here.page.fill("dialog >> label:text-is('The password now') + input", "not this");
  await here.page.fill("dialog >> label:text-is('The new password') + input", "battery staple");
  await here.page.click("dialog >> text=Change it");
  await here.page.waitForSelector("dialog .error >> text=The password you have now is another");
  await here.page.fill("dialog >> label:text-is('The password now') + input", PASSWORD);
  await here.shot("change-password");
  await here.page.click("dialog >> text=Change it");
  await here.page.waitForSelector("#toast >> text=Your password is changed");
  await says(there, "Your password was changed");
  await here.live();
  await here.say("still here");
  await here.sees("still here");
  await there.enter({ nick, mode: "login", password: PASSWORD });
  await says(there, "The name or the password is wrong");
  await there.enter({ nick, mode: "login", password: "battery staple" });
  await there.live();
  await there.sees("still here");
  await here.end();
  await there.end();
});

test("a deleted account lets its name go", async () => {
  const fresh = await Edge.start();  // wrong passwords are counted by address
  const room = unique("deleted");
  const nick = unique("cleo");
  const cleo = await Person.at(browser, fresh, nick, room, { mode: "register", password: PASSWORD });
  await cleo.page.click("#account");
  await cleo.page.click("dialog summary >> text=Delete the account");
  await cleo.page.fill("dialog >> label:text-is('Your password') + input", PASSWORD);
  await cleo.page.click("dialog >> text=Delete my account");
  await says(cleo, "deleted");
  await cleo.enter({ nick, mode: "login", password: PASSWORD });
  await says(cleo, "The name or the password is wrong");
  await cleo.enter({ nick, mode: "register", password: PASSWORD });
  await cleo.live();
  await cleo.end();
  await fresh.end();
});

test("a tab that comes back after its account was logged out elsewhere asks for the password, not for a guest's name", async () => {
  const room = unique("expired");
  const nick = unique("dora");
  const dora = await Person.at(browser, edge, nick, room, { mode: "register", password: PASSWORD });
  await dora.context.clearCookies();
  await dora.page.reload();
  await says(dora, "Your session has ended");
  assert.equal(await dora.page.inputValue("#nick"), nick);
  assert.ok(await dora.page.isVisible("#password"));
  await dora.end();
});

test("a bot's ticket opens one connection, by the SDK's HTTP side", async () => {
  const room = unique("ticket");
  const nick = unique("bot");
  const client = await bot(edge, nick, { exact: true, byTicket: true });
  await client.join(room);
  assert.equal(client.user, nick);
  const { seq } = await client.send(room, "by ticket");
  assert.ok(seq >= 0);
  client.close();
});

test("a token is refreshed before it runs out, and the session goes on past it", async () => {
  const short = await Edge.start("--token-ttl-s", 4);
  if (short.cluster) return;  // the cluster of this process is started already, with its own flags
  const client = await bot(short, unique("short"), { refreshed: true });
  await client.join("room");
  const sent = Date.now();
  await until(() => Date.now() - sent > 6_000, "the first token ran out", 10_000);
  const states = [];
  client.on("state", ({ state }) => states.push(state));
  await client.send("room", "still here");
  assert.deepEqual(states, []);
  client.close();
  await short.end();
});

test("attacks in the fields of accounts stay text", async () => {
  const room = unique("xss");
  const nick = `"><img src=x onerror=window.hit=1>${unique("")}`;
  const eve = await Person.at(browser, edge, nick, room, { mode: "register", password: "<script>window.hit=1</script>" });
  await eve.page.click("#account");
  await eve.page.waitForSelector("dialog[open]");
  assert.equal(await eve.page.textContent("dialog h2"), nick);
  assert.equal(await eve.page.evaluate(() => window.hit), undefined);
  assert.equal(await eve.page.locator("dialog img, #sidebar script, #people img").count(), 0);
  await eve.end();
});
