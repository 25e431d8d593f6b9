"""The whole path on real input: an import into 20 rooms, 60 live readers, a worker killed midway, and the rooms printed."""

import asyncio
import collections
import itertools
import json
import time

import pytest
from support.fortunes import fortunes
from support.roomlog import assert_rising, assert_same
from support.servers import PRODUCE, REPLAY
from support.waiting import eventually
from support.wsclient import unique

MESSAGES = 20_000
ROOMS = 20
CLIENTS = 60
ROOMS_EACH = 3


async def live_readers(crowd, edges, rooms):
    readers = []
    for n in range(CLIENTS):
        reader = await crowd.connect(edge=edges[n % len(edges)], keep_messages=False)
        for room in (rooms[(n + step) % ROOMS] for step in (0, 7, 13)):
            await reader.join(room, last=0)
        readers.append(reader)
    return readers


async def replay(cluster, room, *flags):
    process = await asyncio.create_subprocess_exec(
        REPLAY, room, *cluster.kafka_flags, *flags, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.decode().split("\n") if line]


@pytest.mark.limit(300)
async def test_20000_real_messages_reach_60_clients_while_a_worker_is_killed(cluster, crowd, edges, report):
    rooms = [unique("fortune") for _ in range(ROOMS)]
    texts = fortunes(MESSAGES)
    assert any("\n" in text for text in texts) and any(not text.isascii() for text in texts)
    wanted = collections.defaultdict(list)  # room -> texts, in the order in which they are sent
    lines = []
    for n, text in enumerate(texts):
        room = rooms[n * n % 7919 % ROOMS]  # no neat turns
        wanted[room].append(text)
        lines.append(json.dumps({"room": room, "user": f"author-{n % 50}", "text": text}, ensure_ascii=False).encode() + b"\n")
    readers = await live_readers(crowd, edges, rooms)

    began = time.monotonic()
    producer = await asyncio.create_subprocess_exec(
        PRODUCE, *cluster.kafka_flags, "--progress", "off", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)

    async def feed(some):
        for line in some:
            producer.stdin.write(line)
            await producer.stdin.drain()

    def delivered():
        return sum(len(log.seen) for reader in readers for log in reader.logs.values())

    await feed(itertools.islice(lines, MESSAGES // 2))
    await eventually(lambda: delivered() > MESSAGES // 2, "the readers are in the midst of it", within=60)
    await asyncio.to_thread(cluster.kill, "worker-1")
    await feed(itertools.islice(lines, MESSAGES // 2, None))
    producer.stdin.close()
    out, err = await asyncio.wait_for(asyncio.gather(producer.stdout.read(), producer.stderr.read()), 120)
    assert await producer.wait() == 0, err.decode()
    assert json.loads(out.decode().splitlines()[-1]) == {"sent": MESSAGES, "acked": MESSAGES, "failed": 0}
    imported = time.monotonic() - began

    total = sum(len(wanted[room]) for reader in readers for room in reader.logs)
    await eventually(lambda: delivered() >= total, f"{total} deliveries", within=120)
    report(f"{MESSAGES} fortunes imported in {imported:.1f} s, {total} deliveries to {CLIENTS} clients done after "
           f"{time.monotonic() - began:.1f} s, a worker killed midway")

    for room in rooms:
        logs = {f"{reader.user} of {room}": reader.logs[room] for reader in readers if room in reader.logs}
        assert len(logs) == CLIENTS * ROOMS_EACH // ROOMS
        assert_same(logs)
        log = next(iter(logs.values()))
        assert_rising(log, room)
        assert len(set(log.ids)) == len(log.ids)
        assert log.texts == wanted[room], "every text, once, in the order of the import"
        printed = await replay(cluster, room)
        assert [(message["seq"], message["id"], message["text"]) for message in printed] == \
            [(seen.seq, seen.id, seen.text) for seen in log.seen]


async def test_produce_counts_and_names_the_lines_that_it_cannot_send(cluster):
    room = unique("lines")
    lines = [
        {"room": room, "user": "ann", "text": "one", "id": "a1"}, "not JSON", {"room": "../x", "user": "ann", "text": "x"},
        {"room": room, "user": "ann"}, {"room": room, "user": "ann", "text": "x" * 20000}, {"room": room, "user": "ann", "text": "two"},
    ]
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    producer = await asyncio.create_subprocess_exec(
        PRODUCE, *cluster.kafka_flags, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(producer.communicate(text.encode()), 60)
    assert producer.returncode == 1
    summary = json.loads(out.decode().splitlines()[-1])
    assert (summary["acked"], summary["failed"]) == (2, 4)
    for number in (2, 3, 4, 5):
        assert any(str(number) in line for line in err.decode().splitlines()), f"line {number} is named"
    assert [(message["user"], message["text"]) for message in await replay(cluster, room)] == [("ann", "one"), ("ann", "two")]


async def test_a_repeat_by_produce_is_shown_once(cluster, crowd, edges):
    room = unique("import")
    reader = await crowd.connect(edge=edges[0])
    await reader.join(room)
    line = json.dumps({"room": room, "user": "ann", "text": "once", "id": "a1"}) + "\n"
    for _ in range(2):
        producer = await asyncio.create_subprocess_exec(PRODUCE, *cluster.kafka_flags, stdin=asyncio.subprocess.PIPE,
                                                        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(producer.communicate(line.encode()), 60)
        assert producer.returncode == 0, err.decode()
    await reader.say(room, "end", id="end")
    assert (await reader.saw(room, id="end")).texts == ["once", "end"]
    assert [message["text"] for message in await replay(cluster, room)] == ["once", "end"]


async def test_replay_by_seq_by_time_and_of_what_is_not_there(cluster, crowd, edges):
    room = unique("replay")
    writer = await crowd.connect(edge=edges[0])
    await writer.join(room)
    acks = await writer.say_all(room, [str(n) for n in range(20)])
    seqs = [ack["seq"] for ack in acks]
    live = [await writer.expect("message", room=room) for _ in range(20)]
    assert await replay(cluster, room) == live, "as clients see them"
    assert await replay(cluster, room, "--from-seq", str(seqs[5]), "--to-seq", str(seqs[9])) == live[5:10]
    time_of_7 = live[7]["time"]
    assert await replay(cluster, room, "--from-time", time_of_7) == [message for message in live if message["time"] >= time_of_7]
    assert await replay(cluster, room, "--from-time", "2999-01-01T00:00:00Z") == []
    missing = await asyncio.create_subprocess_exec(REPLAY, unique("nowhere"), *cluster.kafka_flags,
                                                   stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(missing.communicate(), 30)
    assert (missing.returncode, out) == (1, b"")
    assert len(err.decode().strip().splitlines()) == 1


async def test_replay_follows_a_room(cluster, crowd, edges):
    room = unique("follow")
    writer = await crowd.connect(edge=edges[0])
    await writer.join(room)
    await writer.say(room, "old")
    follower = await asyncio.create_subprocess_exec(REPLAY, room, "--follow", *cluster.kafka_flags, stdout=asyncio.subprocess.PIPE)
    try:
        assert json.loads(await asyncio.wait_for(follower.stdout.readline(), 20))["text"] == "old"
        for text in ("new", "newer"):
            await writer.say(room, text)
            assert json.loads(await asyncio.wait_for(follower.stdout.readline(), 20))["text"] == text
    finally:
        follower.terminate()
        await follower.wait()
