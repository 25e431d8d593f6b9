// Nothing that is typed into any field of the page becomes more than text, and the page would let no script in if it did. Texts of
// messages, links and names of files are attacked in talk.test.mjs and files.test.mjs.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Edge, ROOT } from "./support/edge.mjs";
import { Person, launch, unique } from "./support/people.mjs";

let edge, browser;
before(async () => { [edge, browser] = await Promise.all([Edge.start(), launch()]); });
after(async () => {
  await browser?.close();
  await edge?.end();
});

const ATTACK = "\"><img src=x onerror=window.hit=1><script>window.hit=1</script>";

/** What the attack would leave behind where it worked. */
async function unharmed({ page }, where) {
  const left = await page.evaluate(() => [window.hit, document.querySelectorAll("[onerror], body script, img[src=x]").length]);
  assert.deepEqual(left, [undefined, 0], where);
}

/** Fills every field of what is open with the attack, then sends its forms, the last first. Gives the fields' names. */
async function attackAll(person, within) {
  const names = [];
  for (const summary of await person.page.$$(`${within} summary`)) await summary.click();
  const all = await person.page.$$(`${within} :is(input:not([type]), input[type=text], input[type=search], input[type=password], textarea)`);
  const fields = [];
  for (const field of all) if (await field.isVisible()) fields.push(field);
  for (const field of fields) {
    await field.fill(ATTACK);
    names.push(await field.evaluate((node) => node.labels[0]?.textContent ?? node.getAttribute("aria-label")));
  }
  for (const field of fields.reverse()) {
    if (await field.isVisible()) await field.press("Enter");
    await unharmed(person, names.join());
  }
  return names;
}

test("every field that a person fills takes markup for text", async () => {
  const eve = await Person.before(browser, edge, "general");
  const fields = [];
  for (const mode of ["guest", "register", "login"]) {
    await eve.page.waitForFunction(() => document.getElementById("enter-form").onsubmit);
    await eve.page.check(`#modes [value=${mode}]`, { force: true });
    fields.push(...await attackAll(eve, "#enter"));
  }
  const room = unique("attacked");
  await eve.enter({ nick: unique("eve"), mode: "register", password: "sesame", room });
  await eve.live();
  await eve.page.click("#create");
  await eve.page.fill("dialog >> label:text-is('Name') + input", `${room}-own`);
  await eve.page.fill("dialog >> label:text-is('Title') + input", ATTACK);
  await eve.page.click("dialog >> text=Create the room");
  await eve.page.waitForSelector("#settings:visible");
  for (const opener of ["browse", "create", "settings", "account"]) {
    await eve.page.click(`#${opener}`);
    await eve.page.waitForSelector("dialog[open] :is(input, form)");
    if (opener === "create") await eve.page.check("dialog [value=private]");
    fields.push(...await attackAll(eve, "dialog"));
    while (await eve.page.locator("dialog[open]").count() > 0) await eve.page.keyboard.press("Escape");
  }
  fields.push(...await attackAll(eve, "#app"));
  await eve.page.waitForSelector("#messages .message");
  await unharmed(eve, "all of it");
  assert.equal(await eve.page.textContent("#room-title"), ATTACK);
  assert.equal(await eve.page.textContent("#messages .text"), ATTACK);
  for (const field of ["Your name", "Password", "Room", "Search rooms", "Name", "Title", "New owner", "The password now", "The new password", "Your password",
    "Name of a room to open or make", "Message"]) {
    assert.ok(fields.includes(field), `${field} is among ${fields.join(", ")}`);
  }
  await eve.end();
});

test("the page's policy lets no script in but its own files, and its sources never make markup of text", async () => {
  const { headers } = await edge.request("GET", "/");
  const policy = headers["content-security-policy"];
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe|\*|data:|script-src/);
  const eve = await Person.before(browser, edge, "general");
  const refused = await eve.page.evaluate(() => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective), { once: true });
    document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hit = 1" }));
  }));
  assert.equal(refused, "script-src-elem");
  assert.equal(await eve.page.evaluate(() => window.hit), undefined);
  await eve.context.close();
  const client = path.join(ROOT, "web/client");
  for (const file of readdirSync(client, { recursive: true }).filter((name) => /\.(js|html)$/.test(name))) {
    const source = readFileSync(path.join(client, file), "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\(|new Function/, file);
    assert.doesNotMatch(source, /<script(?![^>]* src=)|<style|\son[a-z]+="|\sstyle="/, file);
    for (const [, from] of source.matchAll(/(?:from|import\() ?"([^"]+)"/g)) assert.match(from, /^\.\.?\//, `${file} loads its own files alone`);
  }
});
