"""Rooms as Kafka sees them, and what is done to their topics behind the servers' back."""

import asyncio
import json
import time

import pytest
from support import asyncapi, kafka
from support.member import Load
from support.roomlog import assert_exact, assert_same
from support.wsclient import Refused, unique

NOTICED_S = 40
LONG_TEXT = "x" * 15_000


async def test_a_rooms_topic_is_plain_json_for_any_consumer(cluster, crowd, edges):
    room = unique("plain")
    clients = [await crowd.connect(edge=edge) for edge in edges]
    for client in clients:
        joined = await client.join(room)
    for text in ("one", "два", "three\n\"lines\" \U0001F600"):
        await clients[0].say(room, text)
    live = [await clients[1].expect("message", room=room) for _ in range(3)]
    topic = kafka.topic_of(cluster.bootstrap, joined["epoch"])
    records = kafka.records(cluster.bootstrap, topic)
    assert [key for _, key, _ in records] == [room] * 3
    assert [json.loads(value) | {"seq": offset} for offset, _, value in records] == live


async def test_what_the_topics_hold_is_as_described(cluster, crowd):
    room = unique("described")
    client = await crowd.connect()
    epoch = (await client.join(room))["epoch"]
    await client.say(room, "one")
    prefix = cluster.topic_prefix
    for topic, name in ((f"{prefix}.room.{room}.{epoch}", "roomRecord"), (f"{prefix}.rooms", "directoryRecord"),
                        (f"{prefix}.members", "memberRecord")):
        schema = asyncapi.Schema(asyncapi.DOCUMENT["components"]["messages"][name]["payload"])
        values = [json.loads(value) for _, _, value in kafka.records(cluster.bootstrap, topic) if value]
        assert values, f"nothing in {topic}"
        for value in values:
            assert schema.problem(value) is None, (topic, value)


async def test_a_new_room_is_usable_at_once(crowd, edges, report):
    """Also while others talk: nobody is rebalanced for it."""
    one, two = [await crowd.connect(edge=edge) for edge in edges]
    times = []
    async with Load(crowd, edges, rooms=4, members=4) as load:
        since = time.monotonic()
        for _ in range(20):
            room = unique("atonce")
            began = time.monotonic()
            await one.join(room)
            await two.join(room)
            ack = await one.say(room, "hi")
            await two.expect("message", room=room, seq=ack["seq"])
            times.append(time.monotonic() - began)
            for client in (one, two):
                await client.leave(room)
        gap = load.longest_gap_s(since, time.monotonic())
    await load.check()
    report(f"a new room, from its first join to a message at another edge: {sorted(times)[10] * 1000:.0f} ms median, "
           f"{max(times) * 1000:.0f} ms at most; longest time without messages elsewhere meanwhile {gap * 1000:.0f} ms")
    assert max(times) < 5
    assert gap < 2


async def test_two_edges_create_the_same_room_at_the_same_time(crowd, edges):
    clients = [await crowd.connect(edge=edge) for edge in edges * 3]
    for _ in range(10):
        room = unique("race")
        joins = await asyncio.gather(*(client.join(room) for client in clients))
        assert len({joined["epoch"] for joined in joins}) == 1
        acks = await asyncio.gather(*(client.say(room, "hi") for client in clients))
        ids = [ack["id"] for ack in acks]
        for client in clients:
            assert_exact(await client.saw(room, count=len(ids)), ids)
        assert_same({f"{n}": client.log(room) for n, client in enumerate(clients)})
        for client in clients:
            await client.leave(room)


async def test_a_topic_deleted_behind_our_back(cluster, crowd, edges):
    """Members are told and are out; who joins again gets a new room, also when he asks to resume the old one."""
    room = unique("doomed")
    clients = [await crowd.connect(edge=edge) for edge in edges]
    for client in clients:
        joined = await client.join(room)
    old = joined["epoch"]
    last = (await clients[0].say_all(room, ["a", "b", "c"]))[-1]["seq"]
    await asyncio.to_thread(kafka.delete_topic, cluster.bootstrap, kafka.topic_of(cluster.bootstrap, old))
    for client in clients:
        await client.expect("error", code="room_gone", room=room, within=NOTICED_S)
        left = await client.expect("left", room=room)
        assert left["reason"] == "room_gone"
        assert (await client.refused(type="message", room=room, text="hi"))["code"] == "not_a_member"
    joined = await clients[0].join(room, within=NOTICED_S, since=last, epoch=old)
    assert (joined["recovered"], joined["reason"]) == (False, "epoch_changed")
    assert joined["epoch"] != old
    assert joined["messages"] == []
    assert (await clients[1].join(room))["epoch"] == joined["epoch"]
    ack = await clients[1].say(room, "new life")
    await clients[0].expect("message", room=room, seq=ack["seq"], text="new life")


async def test_a_message_to_a_topic_that_was_deleted_is_answered(cluster, crowd, edges):
    room = unique("vanished")
    client = await crowd.connect(edge=edges[0])
    joined = await client.join(room)
    await client.say(room, "here")
    await asyncio.to_thread(kafka.delete_topic, cluster.bootstrap, kafka.topic_of(cluster.bootstrap, joined["epoch"]))
    error = await client.refused(NOTICED_S, type="message", room=room, text="anyone?")
    assert error["code"] in ("room_gone", "not_a_member", "unavailable", "unknown_outcome")
    await client.expect("left", room=room, reason="room_gone", within=NOTICED_S)


async def test_a_topic_deleted_while_nobody_is_there(cluster, crowd, edges):
    room = unique("alone")
    client = await crowd.connect(edge=edges[0])
    old = (await client.join(room))["epoch"]
    await client.say(room, "bye")
    await client.leave(room)
    await asyncio.to_thread(kafka.delete_topic, cluster.bootstrap, kafka.topic_of(cluster.bootstrap, old))
    until = time.monotonic() + NOTICED_S
    while True:  # told that it is gone, or given a new one, but not left waiting
        try:
            joined = await client.join(room, within=NOTICED_S)
        except Refused as refusal:
            assert refusal.code in ("room_gone", "unavailable") and time.monotonic() < until
        else:
            if joined["epoch"] != old:
                break
            # The reader's own copy, for as long as it does not know; then the room goes under its members.
            await client.expect("left", room=room, within=NOTICED_S)
    assert joined["messages"] == []
    await client.say(room, "hello again")


async def shorten(cluster, crowd, edge):
    """A room of 40 long messages, more than a worker keeps in memory, whose first 20 are then gone from its log."""
    room = unique("short")
    writer = await crowd.connect(edge=edge)
    epoch = (await writer.join(room))["epoch"]
    acks = await writer.say_all(room, [f"{n} {LONG_TEXT}" for n in range(40)])
    seqs = [ack["seq"] for ack in acks]
    topic = kafka.topic_of(cluster.bootstrap, epoch)
    assert await asyncio.to_thread(kafka.delete_records, cluster.bootstrap, topic, seqs[20]) == seqs[20]
    return room, epoch, seqs, writer


async def test_a_resume_from_before_the_logs_start_is_told(cluster, crowd, edges):
    room, epoch, seqs, writer = await shorten(cluster, crowd, edges[0])
    back = await crowd.connect(edge=edges[1])
    joined = await back.join(room, since=seqs[2], epoch=epoch)
    assert (joined["recovered"], joined["reason"]) == (False, "retention")
    assert joined["epoch"] == epoch
    assert joined["first"] == seqs[20]
    assert [message["seq"] for message in joined["messages"]] == seqs[20:], "a fresh view"
    ack = await writer.say(room, "live")
    assert (await back.saw(room, id=ack["id"])).seqs == [*seqs[20:], ack["seq"]]


async def test_a_resume_from_right_before_the_logs_start_misses_nothing(cluster, crowd, edges):
    room, epoch, seqs, _ = await shorten(cluster, crowd, edges[0])
    back = await crowd.connect(edge=edges[1])
    joined = await back.join(room, since=seqs[19], epoch=epoch)
    assert joined["recovered"] is True
    assert (await back.saw(room, count=20)).seqs == seqs[20:]


async def test_history_ends_where_the_log_begins(cluster, crowd, edges):
    room, _, seqs, _ = await shorten(cluster, crowd, edges[0])
    reader = await crowd.connect(edge=edges[1])
    await reader.join(room, last=0)
    page = await reader.history(room, after=-1, limit=5)
    assert [message["seq"] for message in page["messages"]] == seqs[20:25]
    page = await reader.history(room, before=seqs[25], limit=50)
    assert ([message["seq"] for message in page["messages"]], page["more"]) == (seqs[20:25], False)
    page = await reader.history(room, before=seqs[10])
    assert (page["messages"], page["more"]) == ([], False)


@pytest.mark.parametrize("since, epoch, reason", [(1000, None, "future_seq"), (1, "fedcba9876543210", "epoch_changed")])
async def test_a_resume_that_cannot_be_is_told_at_every_edge(crowd, edges, since, epoch, reason):
    room = unique("told")
    writer = await crowd.connect(edge=edges[0])
    real = (await writer.join(room))["epoch"]
    await writer.say(room, "one")
    for edge in edges:
        back = await crowd.connect(edge=edge)
        joined = await back.join(room, since=since, epoch=epoch or real)
        assert (joined["recovered"], joined["reason"]) == (False, reason)
        assert [message["text"] for message in joined["messages"]] == ["one"]
