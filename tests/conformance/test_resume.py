"""Coming back: exactly what was missed, once, in order; or a plain word why that cannot be."""

import asyncio

import pytest
from support.roomlog import assert_exact, assert_same
from support.wsclient import Refused, unique

MANY = 3000  # more than one `joined` holds


async def writer_of(crowd, room, edge):
    writer = await crowd.connect(edge=edge)
    await writer.join(room)
    return writer


async def test_resume_gives_what_was_missed_and_then_the_live_ones(crowd, edge, other_edge):
    room = unique("resume")
    writer, reader = await writer_of(crowd, room, edge), await crowd.connect(edge=edge)
    await reader.join(room)
    before = await writer.say_all(room, [f"before {n}" for n in range(10)])
    await reader.saw(room, count=10)
    await reader.close()
    missed = await writer.say_all(room, [f"missed {n}" for n in range(100)])
    back = await crowd.connect(edge=other_edge, token=reader.token, logs=reader.logs)
    joined = await back.resume(room)
    assert joined["recovered"] is True
    assert "reason" not in joined
    assert [message["id"] for message in joined["messages"]] == [ack["id"] for ack in missed]
    assert joined["last"] == missed[-1]["seq"]
    after = await writer.say_all(room, ["after"] * 5)
    ids = [ack["id"] for ack in before + missed + after]
    assert_exact(await back.saw(room, id=ids[-1]), ids)
    assert_same({"writer": writer.log(room), "back": back.log(room)})


async def test_resume_in_the_url(crowd, edge, other_edge):
    room = unique("urlback")
    writer = await writer_of(crowd, room, edge)
    acks = await writer.say_all(room, [f"m{n}" for n in range(20)])
    epoch = (await (await crowd.connect()).join(room))["epoch"]
    back = await crowd.connect(edge=other_edge, room=room, since=acks[4]["seq"], epoch=epoch)
    joined = await back.expect("joined", room=room)
    assert joined["recovered"] is True
    assert [message["text"] for message in joined["messages"]] == [f"m{n}" for n in range(5, 20)]


async def test_resume_with_nothing_missed_is_empty_and_recovered(crowd, edge):
    room = unique("nothing")
    writer = await writer_of(crowd, room, edge)
    await writer.say(room, "one")
    await writer.saw(room, count=1)
    back = await crowd.connect(logs=writer.logs)
    joined = await back.resume(room)
    assert joined["recovered"] is True
    assert joined["messages"] == []


async def test_resume_of_a_room_that_was_empty(crowd, edge, other_edge):
    """The position that `joined` gives for an empty room is one to resume from."""
    room = unique("hollow")
    reader = await crowd.connect(edge=edge)
    joined = await reader.join(room)
    await reader.close()
    writer = await writer_of(crowd, room, edge)
    acks = await writer.say_all(room, ["a", "b"])
    back = await crowd.connect(edge=other_edge)
    again = await back.join(room, since=joined["last"], epoch=joined["epoch"])
    assert again["recovered"] is True
    assert [message["seq"] for message in again["messages"]] == [ack["seq"] for ack in acks]


async def test_resume_after_3000_messages_gives_all_of_them_at_once(crowd, edge, other_edge):
    room = unique("long")
    writer = await writer_of(crowd, room, edge)
    first = await writer.say(room, "first")
    epoch = writer.log(room).epoch
    missed = await writer.say_all(room, [f"m{n}" for n in range(MANY)])
    back = await crowd.connect(edge=other_edge)
    # More is written while the client catches up.
    streaming = asyncio.create_task(writer.say_all(room, [f"live {n}" for n in range(500)], in_flight=32))
    joined = await back.join(room, since=first["seq"], epoch=epoch)
    assert joined["recovered"] is True
    assert 0 < len(joined["messages"]) <= 1000
    assert joined["messages"][0]["id"] == missed[0]["id"]
    assert joined["last"] == joined["messages"][-1]["seq"]
    live = await streaming
    ids = [ack["id"] for ack in missed + live]
    log = await back.saw(room, id=ids[-1], within=30)
    assert_exact(log, ids)
    assert log.ids == ids


async def test_clients_that_keep_coming_back_miss_nothing(crowd, server):
    """Connections are cut without a word, again and again, while messages stream."""
    room = unique("flaky")
    writer = await writer_of(crowd, room, server.edge)
    reader = await crowd.connect()
    await reader.join(room, last=0)
    streaming = asyncio.create_task(writer.say_all(room, [f"m{n}" for n in range(2000)], in_flight=32))
    turns = 0
    while not streaming.done() or turns < 5:
        await reader.abort()
        reader = await crowd.connect(token=reader.token, logs=reader.logs, edge=server.edges[turns % len(server.edges)])
        assert (await reader.resume(room))["recovered"] is True
        turns += 1
    ids = [ack["id"] for ack in await streaming]
    assert_exact(await reader.saw(room, id=ids[-1]), ids)


async def test_a_seq_from_the_future_is_told(crowd, edge):
    room = unique("future")
    writer = await writer_of(crowd, room, edge)
    ack = await writer.say(room, "one")
    back = await crowd.connect()
    joined = await back.join(room, since=ack["seq"] + 1000, epoch=writer.log(room).epoch)
    assert (joined["recovered"], joined["reason"]) == (False, "future_seq")
    assert [message["text"] for message in joined["messages"]] == ["one"], "a fresh view"
    assert joined["last"] == ack["seq"]
    await writer.say(room, "two", id="two")
    assert (await back.saw(room, id="two")).texts == ["one", "two"]


async def test_another_epoch_is_told(crowd, edge):
    room = unique("epoch")
    writer = await writer_of(crowd, room, edge)
    ack = await writer.say(room, "one")
    back = await crowd.connect()
    joined = await back.join(room, since=ack["seq"], epoch="0123456789abcdef")
    assert (joined["recovered"], joined["reason"]) == (False, "epoch_changed")
    assert joined["epoch"] == writer.log(room).epoch
    assert [message["text"] for message in joined["messages"]] == ["one"], "a fresh view"


async def test_a_fresh_view_holds_as_many_as_a_join_does(crowd, edge):
    room = unique("fresh")
    writer = await writer_of(crowd, room, edge)
    await writer.say_all(room, [f"m{n}" for n in range(80)])
    back = await crowd.connect()
    joined = await back.join(room, since=5, epoch="0123456789abcdef", last=7)
    assert [message["text"] for message in joined["messages"]] == [f"m{n}" for n in range(73, 80)]


@pytest.mark.parametrize("fields", [
    {"since": 5},
    {"epoch": "abc"},
    {"since": "5", "epoch": "abc"},
    {"since": 5.5, "epoch": "abc"},
    {"since": 5, "epoch": 7},
    {"since": 5, "epoch": "../x"},
    {"since": 2 ** 70, "epoch": "abc"},
    {"last": -1},
    {"last": "5"},
    {"last": 2 ** 40},
])
async def test_a_resume_that_makes_no_sense_is_refused_or_told(crowd, edge, fields):
    """Never a silent gap: either an error or, where the server reads it as a position, recovered: false."""
    room = unique("nonsense")
    writer = await writer_of(crowd, room, edge)
    await writer.say(room, "one")
    client = await crowd.connect()
    try:
        joined = await client.join(room, **fields)
    except Refused as refusal:
        assert refusal.code == "bad_frame"
    else:
        # Bounds of `last` may be put right silently, and an epoch alone asks for nothing.
        assert joined.get("recovered") is False or "since" not in fields
    assert (await client.join(unique("next")))["messages"] == []
