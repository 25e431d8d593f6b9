"""roomcast-produce and roomcast-replay, alone: on the cluster's broker and on the embedded log of no server."""

import asyncio
import json
import os
import signal
import time

import pytest
from support.servers import PRODUCE, REPLAY, make_folder
from support.waiting import eventually
from support.wsclient import Crowd, unique

TEXTS = ["one line", "two\nlines", "\ttabs and\r\nCRLF", 'a "quoted" \\ back\\slash', "\U0001F600 \U0001F468‍\U0001F469‍\U0001F467 é",
         "Съешь ещё этих", "日本語", "\u2028 and \x01 and \x7f", "</script>", "x" * 16_384]
PIPE = asyncio.subprocess.PIPE
NOTHING = {"sent": 0, "acked": 0, "failed": 0}


class Tools:
    """Both programs on one log."""

    def __init__(self, *flags):
        self.flags = [str(flag) for flag in flags]

    async def start(self, program, *words, **pipes):
        return await asyncio.create_subprocess_exec(
            str(program), *words, *self.flags, **{"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, **pipes})

    async def run(self, program, *words, text=b"", within=60):
        """(exit status, stdout, stderr)"""
        process = await self.start(program, *words)
        out, err = await asyncio.wait_for(process.communicate(text), within)
        return process.returncode, out.decode(), err.decode()

    async def produce(self, lines, *flags):
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        code, out, err = await self.run(PRODUCE, *flags, text=text.encode())
        return code, json.loads(out), err

    async def replay(self, room, *flags):
        code, out, err = await self.run(REPLAY, room, *flags)
        assert (code, err) == (0, "")
        assert out == "" or out.endswith("\n")
        return [json.loads(line) for line in out.split("\n") if line]


@pytest.fixture(params=["cluster", "local"])
def tools(request):
    if request.param == "local":
        return Tools("--local", "--data-dir", make_folder("tools") / "data")
    return Tools(*request.getfixturevalue("cluster").kafka_flags)


def said(room, texts, user="ann", **more):
    return [{"room": room, "user": user, "text": text, **more} for text in texts]


async def test_what_is_imported_is_printed(tools):
    rooms = [unique("import") for _ in range(5)]
    lines = [line | {"room": rooms[n % 5]} for n, line in enumerate(said("", TEXTS * 30))]
    raw = [json.dumps(line, ensure_ascii=n % 2 == 0) for n, line in enumerate(lines)]
    total = len(lines)
    assert await tools.produce(raw) == (0, {"sent": total, "acked": total, "failed": 0}, "")
    for room in rooms:
        printed = await tools.replay(room)
        assert [message["text"] for message in printed] == [line["text"] for line in lines if line["room"] == room]
        assert all(list(message) == ["type", "room", "seq", "id", "user", "text", "time"] for message in printed)
        seqs = [message["seq"] for message in printed]
        assert seqs == sorted(set(seqs))


async def test_what_is_printed_can_be_imported(tools):
    old, new = unique("old"), unique("new")
    await tools.produce(said(old, TEXTS))
    messages = await tools.replay(old)
    code, _, err = await tools.produce([message | {"room": new} for message in messages])
    assert code == 0, err
    assert [(m["id"], m["user"], m["text"]) for m in await tools.replay(new)] == \
        [(m["id"], m["user"], m["text"]) for m in messages]


async def test_lines_that_cannot_be_sent_are_named(tools):
    room = unique("bad")
    good = said(room, ["one"])[0]
    lines = [good, "{", "[]", good | {"room": "Capital"}, good | {"user": " "}, good | {"text": 7}, "", good | {"id": "a b"},
             good | {"text": "x" * 16_385}, {"user": "ann", "text": "x"}, '{"text":"\\ud800"}', good | {"text": "y" * 300_000}, good]
    code, summary, err = await tools.produce(lines)
    assert (code, summary) == (1, {"sent": 2, "acked": 2, "failed": 10})
    assert sorted(int(line.split(":")[0].removeprefix("line ")) for line in err.splitlines()) == [2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    assert [message["text"] for message in await tools.replay(room)] == ["one", "one"]


async def test_a_last_line_without_an_end_counts(tools):
    room = unique("end")
    code, out, _ = await tools.run(PRODUCE, text=json.dumps(said(room, ["unended"])[0]).encode())
    assert (code, json.loads(out)["acked"]) == (0, 1)
    assert [message["text"] for message in await tools.replay(room)] == ["unended"]


async def test_ids_imported_twice_are_shown_once(tools):
    room = unique("twice")
    lines = [line | {"id": f"m-{n}"} for n, line in enumerate(said(room, TEXTS * 60))]
    for _ in range(2):
        assert (await tools.produce(lines))[0] == 0
    assert [message["id"] for message in await tools.replay(room)] == [line["id"] for line in lines]
    # Also in the midst, where the first ones lie before what is asked for.
    assert await tools.replay(room, "--from-seq", str(len(lines) + 5)) == []


async def test_a_range_by_seq_and_by_time(tools):
    room = unique("range")
    for part in ("first", "second", "third"):
        await tools.produce(said(room, [f"{part} {n}" for n in range(10)]))
    every = await tools.replay(room)
    seqs = [message["seq"] for message in every]
    assert await tools.replay(room, "--from-seq", str(seqs[7])) == every[7:]
    assert await tools.replay(room, "--to-seq", str(seqs[7])) == every[:8]
    assert await tools.replay(room, "--from-seq", str(seqs[3]), "--to-seq", str(seqs[3])) == every[3:4]
    assert await tools.replay(room, "--from-seq", str(seqs[-1] + 1)) == []
    began, ended = every[10]["time"], every[19]["time"]
    second = [message for message in every if began <= message["time"] <= ended]
    assert len(second) >= 10
    assert await tools.replay(room, "--from-time", began, "--to-time", ended) == second
    assert await tools.replay(room, "--to-time", "2001-01-01T00:00:00Z") == []
    assert await tools.replay(room, "--from-time", "2999-01-01T00:00:00Z") == []


async def test_following_shows_later_messages_once_until_it_is_stopped(cluster):
    tools, room = Tools(*cluster.kafka_flags), unique("follow")
    lines = [line | {"id": f"m-{n}"} for n, line in enumerate(said(room, TEXTS))]
    await tools.produce(lines[:5])
    follower = await tools.start(REPLAY, room, "--follow")
    assert await next_texts(follower, 5) == TEXTS[:5]
    await tools.produce(lines)  # of which five are repeats
    assert await next_texts(follower, 5) == TEXTS[5:]
    await tools.produce(said(room, ["end"]))
    assert await next_texts(follower, 1) == ["end"]
    await end_by(follower, signal.SIGINT)


async def test_the_embedded_log_is_only_looked_at_while_its_server_runs(local_server):
    tools, room, crowd = Tools("--local", "--data-dir", local_server.data_dir), unique("follow"), Crowd(local_server)
    try:
        writer = await crowd.connect()
        await writer.join(room)
        await writer.say_all(room, TEXTS[:5])
        follower = await tools.start(REPLAY, room, "--follow")
        assert await next_texts(follower, 5) == TEXTS[:5]
        await writer.say_all(room, TEXTS[5:])
        assert await next_texts(follower, 5) == TEXTS[5:]
        await end_by(follower, signal.SIGTERM)
        code, out, err = await tools.run(PRODUCE, text=json.dumps(said(room, ["x"])[0]).encode())
        assert (code, out, len(err.splitlines())) == (2, "", 1)
        assert len(await tools.replay(room)) == 10
    finally:
        await crowd.aclose()


async def next_texts(follower, count):
    return [json.loads(await asyncio.wait_for(follower.stdout.readline(), 20))["text"] for _ in range(count)]


async def end_by(follower, number):
    follower.send_signal(number)
    assert await asyncio.wait_for(follower.communicate(), 10) == (b"", b"")
    assert follower.returncode == 0


async def test_following_up_to_a_seq_ends_there(cluster):
    tools, room = Tools(*cluster.kafka_flags), unique("upto")
    await tools.produce(said(room, ["0", "1"]))
    follower = await tools.start(REPLAY, room, "--follow", "--to-seq", "3")
    await asyncio.wait_for(follower.stdout.readline(), 20)
    await tools.produce(said(room, ["2", "3", "4"]))
    out, _ = await asyncio.wait_for(follower.communicate(), 20)
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["1", "2", "3"]
    assert follower.returncode == 0


async def test_replay_ends_quietly_when_its_reader_does(tools):
    room = unique("pipe")
    await tools.produce(said(room, ["x" * 10_000] * 100))
    reading, writing = os.pipe()
    process = await tools.start(REPLAY, room, stdout=writing)
    os.close(writing)
    assert os.read(reading, 100)
    os.close(reading)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, err) == (0, b"")


async def test_what_is_not_there(tools):
    room = unique("nowhere")
    await tools.produce(said(unique("else"), ["x"]))  # the log itself is there
    assert await tools.run(REPLAY, room) == (1, "", f"roomcast-replay: there is no room {room}\n")
    code, summary, err = await tools.produce(said(room, ["a", "b"]), "--create-rooms", "off")
    assert (code, summary) == (1, {"sent": 0, "acked": 0, "failed": 2})
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 1", "line 2"]
    assert (await tools.run(REPLAY, room))[0] == 1
    assert (await tools.produce([]))[:2] == (0, NOTHING)


@pytest.mark.parametrize("program, words", [(PRODUCE, []), (REPLAY, ["general"])])
async def test_without_a_broker_it_says_so_in_time(program, words):
    began = time.monotonic()
    tools = Tools("--brokers", "127.0.0.1:1")
    code, out, err = await tools.run(program, *words, within=30)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "127.0.0.1:1" in err
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("program, words", [
    (PRODUCE, ["--no-such"]), (PRODUCE, ["--create-rooms", "maybe"]), (REPLAY, []), (REPLAY, ["No Slug"]),
    (REPLAY, ["general", "--from-time", "yesterday"]), (REPLAY, ["general", "--from-seq", "2", "--to-seq", "1"])])
async def test_wrong_usage_is_exit_2(program, words):
    code, out, err = await Tools().run(program, *words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_import_that_is_stopped_settles_and_says_how_far_it_came(tools, number):
    room = unique("stop")
    process = await tools.start(PRODUCE)
    lines = "".join(json.dumps(line) + "\n" for line in said(room, [str(n) for n in range(1000)]))
    process.stdin.write(lines.encode())
    await process.stdin.drain()
    await eventually(lambda: is_there(tools, room), "the first of it is in the log", within=20)
    process.send_signal(number)  # its stdin stays open
    out = await asyncio.wait_for(process.stdout.read(), 20)
    assert await process.wait() == 1
    summary = json.loads(out)
    assert summary["sent"] == summary["acked"] and summary["failed"] == 0
    printed = [message["text"] for message in await tools.replay(room)]
    assert printed == [str(n) for n in range(summary["acked"])]


async def is_there(tools, room):
    code, out, _ = await tools.run(REPLAY, room)
    return code == 0 and out


@pytest.mark.limit(120)
async def test_an_import_outlives_a_broker_that_is_frozen_and_one_that_is_killed(cluster, report):
    if not cluster.own_brokers:
        pytest.skip("the broker is somebody else's")
    tools = Tools(*cluster.kafka_flags)
    rooms = [unique("outage") for _ in range(4)]
    process = await tools.start(PRODUCE)
    total, began = 40_000, time.monotonic()

    async def feed(numbers):
        for n in numbers:
            process.stdin.write(json.dumps({"room": rooms[n % 4], "user": "ann", "text": str(n)}).encode() + b"\n")
            await process.stdin.drain()

    await feed(range(10_000))
    await asyncio.to_thread(cluster.kill, "broker-1", "STOP")
    feeding = asyncio.create_task(feed(range(10_000, 30_000)))
    await asyncio.sleep(2)  # for as long as it is frozen
    await asyncio.to_thread(cluster.kill, "broker-1", "CONT")
    await feeding
    await asyncio.to_thread(cluster.kill, "broker-1")
    feeding = asyncio.create_task(feed(range(30_000, total)))
    await asyncio.to_thread(cluster.restart, "broker-1")
    await feeding
    process.stdin.close()
    out, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
    assert await process.wait() == 0, err.decode()
    assert json.loads(out) == {"sent": total, "acked": total, "failed": 0}
    report(f"{total} lines imported in {time.monotonic() - began:.1f} s past a frozen and a killed broker")
    for first, room in enumerate(rooms):
        assert [message["text"] for message in await tools.replay(room)] == [str(n) for n in range(first, total, 4)]
