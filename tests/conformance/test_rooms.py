"""Joining, leaving, and who sees what."""

import asyncio

import pytest
from support.roomlog import assert_exact, assert_same
from support.wsclient import Refused, unique

ROOMS_PER_SESSION = 64
BAD_SLUGS = ["", "../x", "/", ".", "a/b", "a.b", "A", "General", "комната", "a b", " a", "a ", "-a", "_a", "a\n", "a\u0000b",
             "a" * 65, "a" * 250, "%2e%2e", "a?b"]


async def test_joining_an_unknown_room_creates_it_empty(crowd):
    room = unique("new")
    client = await crowd.connect()
    joined = await client.join(room)
    assert joined["messages"] == []
    assert joined["epoch"]
    assert joined["room"] == room
    assert "recovered" not in joined, "nothing was to be resumed"
    assert (await client.say(room, "first"))["seq"] >= joined["first"]


async def test_everyone_who_joins_a_room_finds_the_same_one(crowd, edge, other_edge):
    room = unique("same")
    clients = [await crowd.connect(edge=each) for each in (edge, other_edge, edge, other_edge)]
    joins = await asyncio.gather(*(client.join(room) for client in clients))
    assert len({joined["epoch"] for joined in joins}) == 1


async def test_the_id_of_join_and_leave_is_echoed(crowd):
    room = unique("echo")
    client = await crowd.connect()
    await client.send({"type": "join", "room": room, "id": "my-join"})
    assert (await client.expect("joined", room=room, id="my-join"))["id"] == "my-join"
    await client.send({"type": "leave", "room": room, "id": "my-leave"})
    assert (await client.expect("left", room=room, id="my-leave"))["id"] == "my-leave"


async def test_join_shows_the_last_messages_oldest_first(crowd, other_edge):
    room = unique("last")
    writer = await crowd.connect(room=room)
    await writer.expect("joined", room=room)
    acks = await writer.say_all(room, [f"m{n}" for n in range(80)])
    reader = await crowd.connect(edge=other_edge)
    for last, wanted in ((10, 10), (1, 1), (0, 0), (80, 80), (200, 80)):
        joined = await reader.join(room, last=last)
        texts = [message["text"] for message in joined["messages"]]
        assert texts == [f"m{n}" for n in range(80)][80 - wanted:], last
        assert joined["last"] == acks[-1]["seq"]
        await reader.leave(room)
    assert len((await reader.join(room))["messages"]) == 50, "the default"


async def test_the_messages_of_joined_look_like_live_ones(crowd):
    room = unique("alike")
    writer = await crowd.connect()
    await writer.join(room)
    await writer.say(room, "one", id="c1")
    live = await writer.expect("message", id="c1")
    reader = await crowd.connect()
    assert (await reader.join(room))["messages"] == [live]


async def test_a_room_in_the_url_is_joined_at_once(crowd):
    room = unique("url")
    writer = await crowd.connect(room=room)
    await writer.expect("joined", room=room)
    await writer.say_all(room, ["a", "b", "c"])
    reader = await crowd.connect(room=room, last=2)
    joined = await reader.expect("joined", room=room)
    assert [message["text"] for message in joined["messages"]] == ["b", "c"]


async def test_a_bad_room_in_the_url_is_an_error_frame_or_a_refusal(crowd):
    try:
        client = await crowd.connect(room="../x")
    except Refused as refusal:
        assert refusal.code == 400
    else:
        await client.expect("error", code="bad_room")


async def test_there_is_no_gap_and_no_double_between_history_and_live(crowd, edge, other_edge):
    """Clients that join while messages stream see everything after their first one exactly once."""
    room = unique("seam")
    writer = await crowd.connect(edge=edge)
    await writer.join(room)
    streaming = asyncio.create_task(writer.say_all(room, [f"m{n}" for n in range(1500)], in_flight=40))
    readers = []
    while not streaming.done():
        reader = await crowd.connect(edge=other_edge if len(readers) % 2 else edge)
        await reader.join(room, last=5)
        readers.append(reader)
        if len(readers) == 12:
            break
    acks = await streaming
    ids = [ack["id"] for ack in acks]
    for number, reader in enumerate(readers):
        log = await reader.saw(room, id=ids[-1])
        first = ids.index(log.ids[0])
        assert_exact(log, ids[first:], f"reader {number}")
        assert log.ids == ids[first:]


async def test_only_members_send_and_read(crowd):
    room = unique("members")
    member, stranger = await crowd.connect(), await crowd.connect()
    await member.join(room)
    await member.say(room, "for members")
    assert (await stranger.refused(type="message", room=room, text="hi"))["code"] == "not_a_member"
    assert (await stranger.refused(type="history", room=room))["code"] == "not_a_member"
    assert (await stranger.refused(type="leave", room=room))["code"] == "not_a_member"
    assert (await stranger.refused(type="message", room=unique("nowhere"), text="hi"))["code"] == "not_a_member"
    await member.say(room, "after", id="after")
    await member.expect("message", id="after")
    assert stranger.logs == {}


async def test_nothing_comes_after_left(crowd, other_edge):
    room, other = unique("left"), unique("stays")
    leaver, talker = await crowd.connect(edge=other_edge), await crowd.connect()
    for client in (leaver, talker):
        await client.join(room)
        await client.join(other)
    await talker.say(room, "seen")
    await leaver.saw(room, count=1)
    left = await leaver.leave(room)
    assert left["room"] == room
    # The other room's message was sent later and has come: what the first room had to say would have come too.
    await talker.say_all(room, ["unseen"] * 20)
    await talker.say(other, "mark", id="mark")
    await leaver.saw(other, id="mark")
    assert leaver.log(room).texts == ["seen"]
    assert (await leaver.refused(type="message", room=room, text="hi"))["code"] == "not_a_member"


async def test_leaving_while_messages_stream_ends_them_at_left(crowd):
    room = unique("stream")
    leaver, talker = await crowd.connect(), await crowd.connect()
    await leaver.join(room)
    await talker.join(room)
    for _ in range(5):
        talking = asyncio.create_task(talker.say_all(room, ["x"] * 200))
        await leaver.leave(room)
        count = len(leaver.log(room).seen)
        await talking
        await leaver.refused(type="no such type")  # a round trip
        assert len(leaver.log(room).seen) == count
        await leaver.resume(room)
    assert_same({"leaver": leaver.log(room), "talker": talker.log(room)})


async def test_joining_a_room_twice_shows_nothing_twice(crowd):
    room = unique("again")
    client = await crowd.connect()
    await client.join(room, last=0)
    await client.join(room, last=0)
    await client.say(room, "one", id="one")
    await client.say(room, "two", id="two")
    await client.saw(room, id="two")
    assert client.log(room).ids == ["one", "two"]


async def test_several_rooms_on_one_socket_stay_apart(crowd, other_edge):
    rooms = [unique("apart") for _ in range(10)]
    one, two = await crowd.connect(), await crowd.connect(edge=other_edge)
    for room in rooms:
        await one.join(room)
        await two.join(room)
    await asyncio.gather(*(one.say_all(room, [f"{room} {n}" for n in range(30)]) for room in rooms))
    for room in rooms:
        for client in (one, two):
            log = await client.saw(room, count=30)
            assert log.texts == [f"{room} {n}" for n in range(30)]


async def test_a_session_is_in_64_rooms_and_no_more(crowd):
    rooms = [unique("many") for _ in range(ROOMS_PER_SESSION)]
    client = await crowd.connect()
    for start in range(0, ROOMS_PER_SESSION, 16):  # fewer than the requests that may be in flight
        await asyncio.gather(*(client.join(room, within=30) for room in rooms[start:start + 16]))
    with pytest.raises(Refused) as refusal:
        await client.join(unique("one-more"))
    assert refusal.value.code == "too_many_rooms"
    await client.leave(rooms[0])
    await client.join(unique("instead"))
    await client.say(rooms[1], "still here")


@pytest.mark.parametrize("frame_type", ["join", "message", "history", "leave"])
async def test_a_room_that_is_no_slug_is_refused(crowd, frame_type):
    client = await crowd.connect()
    for slug in BAD_SLUGS:
        error = await client.refused(type=frame_type, room=slug, text="hi", id=client.new_id())
        assert error["code"] == "bad_room", repr(slug)
    await client.join(unique("fine"))


@pytest.mark.parametrize("slug", ["7", "x", "a-b_c", "a" * 54])
async def test_a_slug_of_the_grammar_is_taken(crowd, slug):
    room = f"{slug}-{unique('')[-9:]}"[-64:] if len(slug) > 1 else unique(slug)
    client = await crowd.connect()
    await client.join(room)
    await client.say(room, "hi")
