// How long the SDK waits before it comes back: by the server's advice, longer after each failure, and never all at the same moment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./support/edge.mjs";
import { joinedRig, rig } from "./support/rig.mjs";

/** Runs something with dice that always show the same. */
async function withDice(value, doing) {
  const { random } = Math;
  Math.random = () => value;
  try {
    return await doing();
  } finally {
    Math.random = random;
  }
}

const pauseOf = (client) => client.retryAt - Date.now();
const near = (ms, wanted, what) => assert.ok(ms > wanted - 60 && ms <= wanted + 1, `${what}: ${ms} ms, not ${wanted} ms`);

test("attempts that fail come 0.3 s apart at first, then twice as far up to 10 s, each by a half more or less", async () => {
  for (const [dice, factor] of [[0, 0.5], [0.999, 1.499]]) {
    await withDice(dice, async () => {
      const { client, next } = rig();
      assert.equal(client.state, "closed");
      client.connect();
      assert.equal(client.state, "connecting");
      for (const [n, ms] of [300, 600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000].entries()) {
        (await next(n)).end(1006);
        near(pauseOf(client), ms * factor, `pause ${n + 1} with ${dice}`);
        assert.equal(client.state, "offline");
        client.retryNow();
      }
      const socket = await next(8);
      socket.welcome();
      assert.equal(client.state, "live");
      socket.end(1006);
      near(pauseOf(client), 300 * factor, "after a welcome it begins anew");
      client.close();
      assert.deepEqual([client.state, client.reason, client.retryAt], ["closed", "closed", undefined]);
    });
  }
});

test("the pause is the one that the server's word for the end advises", async () => {
  for (const [code, dice, ms] of [[1012, 0.999, 999], [1012, 0, 0], [1001, 0.999, 250], [4008, 0.5, 125], [4001, 0.5, 125], [1011, 0.5, 300], [1013, 0.5, 300], [1006, 0.5, 300]]) {
    await withDice(dice, async () => {
      const { client, socket } = await joinedRig();
      socket.end(code);
      near(pauseOf(client), ms, `after ${code}`);
      assert.equal(client.state, "recovering");
      assert.equal(client.code, code);
      assert.ok(client.reason.length > 5);
      client.close();
    });
  }
});

test("a message that was refused for a while is sent again when the server said, not before", async () => {
  const { client, socket } = await joinedRig();
  const ack = client.send("room", "a");
  const { id } = socket.sent.at(-1);
  const refusedAt = performance.now();
  socket.say({ type: "error", code: "rate_limited", message: "", id, room: "room", retry_after_ms: 400 });
  await until(() => socket.texts().length === 2, "it is sent again");
  const waited = performance.now() - refusedAt;
  assert.ok(waited >= 390, `${waited} ms`);
  socket.say({ type: "ack", id, room: "room", seq: 3 });
  assert.equal((await ack).seq, 3);
  client.close();
});

test("several rooms: each is resumed where it was, and the client is live when it is in all of them", async () => {
  const { client, socket, next } = await joinedRig();
  const other = client.join("other");
  socket.joined("other", { last: 41, epoch: "e2" });
  await other;
  socket.say({ type: "message", room: "room", seq: 7, id: "x", user: "ben", text: "hi", time: "" });
  socket.end(1012);
  const second = await next(1);
  second.welcome();
  assert.deepEqual(second.sent.map(({ room, epoch, since }) => [room, epoch, since]), [["room", "e1", 7], ["other", "e2", 41]]);
  second.joined("room", { recovered: true, last: 7 });
  assert.equal(client.state, "recovering");
  second.joined("other", { recovered: true, last: 41, epoch: "e2" });
  assert.equal(client.state, "live");
  client.close();
});
