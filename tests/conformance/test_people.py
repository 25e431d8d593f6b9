"""Presence, typing, members and signals: right across edges, never in the log."""

import time

import pytest
from support.wsclient import unique

TYPING_ENDS_S = 6


@pytest.fixture
def room():
    return unique("people")


def names(people):
    return {person["user"] for person in people}


async def frame(client, type, within=5, **fields):
    return await client.expect(type, within=within, **fields)


async def seen_joining(client, room, user, within=5):
    """Waits until `client` is told that `user` is in the room."""
    while True:
        told = await frame(client, "presence", within=within, room=room)
        if user in names(told["joined"]):
            return told


async def seen_leaving(client, room, user, within=8):
    while True:
        told = await frame(client, "presence", within=within, room=room)
        if user in names(told["left"]):
            return told


async def test_who_comes_and_who_goes_is_told(crowd, edge, other_edge):
    room = unique("salon")
    ann = await crowd.connect(edge=edge)
    await ann.join(room)
    ben = await crowd.connect(edge=other_edge)
    await ben.join(room)
    told = await seen_joining(ann, room, ben.user)
    assert told["count"] == 2
    await ben.close()
    told = await seen_leaving(ann, room, ben.user)
    assert told["count"] == 1


async def test_leaving_the_room_is_told_like_leaving_the_server(crowd, edge, other_edge):
    room = unique("exit")
    ann, ben = await crowd.connect(edge=edge), await crowd.connect(edge=other_edge)
    await ann.join(room)
    await ben.join(room)
    await seen_joining(ann, room, ben.user)
    await ben.leave(room)
    await seen_leaving(ann, room, ben.user)


async def test_the_list_of_members_is_the_same_at_every_edge(crowd, edge, other_edge):
    room = unique("list")
    clients = [await crowd.connect(edge=[edge, other_edge][n % 2]) for n in range(4)]
    for client in clients:
        await client.join(room)
    everyone = {client.user for client in clients}

    for client in clients:  # whoever came last is told to everyone, if not in `joined` then by presence
        answer = None
        while not answer or names(answer["members"]) != everyone:
            if answer:
                await frame(client, "presence", room=room)
            answer = await client.request(type="members", room=room)
            assert answer["type"] == "members"
        assert answer["count"] == 4


async def one_sees_another_type(crowd, edge, other_edge):
    """The room, who sees it, and who types."""
    room = unique("typing")
    ann, ben = await crowd.connect(edge=edge), await crowd.connect(edge=other_edge)
    await ann.join(room)
    await ben.join(room)
    await ben.send(dict(type="typing", room=room, typing=True))
    assert (await frame(ann, "typing", room=room))["typing"] is True
    return room, ann, ben


async def test_typing_is_shown_to_the_others_and_not_to_oneself(crowd, edge, other_edge):
    room, ann, ben = await one_sees_another_type(crowd, edge, other_edge)
    await ben.send(dict(type="typing", room=room, typing=False))
    told = await frame(ann, "typing", room=room)
    assert (told["user"], told["typing"]) == (ben.user, False)
    await ben.say(room, "done")
    assert not ben.has("typing")


async def test_typing_ends_when_the_typist_vanishes(crowd, edge, other_edge):
    room, ann, ben = await one_sees_another_type(crowd, edge, other_edge)
    await ben.abort()
    assert (await frame(ann, "typing", room=room, within=10))["typing"] is False


async def test_typing_that_is_not_said_again_ends_by_itself(crowd, edge, other_edge):
    room, ann, ben = await one_sees_another_type(crowd, edge, other_edge)
    began = time.monotonic()
    told = await frame(ann, "typing", room=room, within=TYPING_ENDS_S + 4)
    assert (told["user"], told["typing"]) == (ben.user, False)
    assert time.monotonic() - began > TYPING_ENDS_S - 2
    await ben.say(room, "still here")


async def test_a_signal_reaches_one_session_and_nobody_else(crowd, edge, other_edge):
    room = unique("signal")
    ann, ben, eve = [await crowd.connect(edge=at) for at in (edge, other_edge, edge)]
    for client in (ann, ben, eve):
        await client.join(room)
    data = {"sdp": "v=0\r\n", "nested": {"list": [1, "zwei", None]}}
    told = await seen_joining(ann, room, ben.user)
    to = next(person["session"] for person in told["joined"] if person["user"] == ben.user)
    assert to == ben.welcome["session"]
    await ann.send(dict(type="signal", room=room, to=to, data=data))
    got = await frame(ben, "signal", room=room)
    assert (got["from"], got["user"], got["data"]) == (ann.welcome["session"], ann.user, data)
    await ann.say(room, "after")
    await eve.saw(room, count=1)
    assert not eve.has("signal")


async def test_a_signal_to_nobody_is_answered(crowd, room):
    ann = await crowd.connect()
    await ann.join(room)
    answer = await ann.refused(type="signal", room=room, to="0" * 32, data={})
    assert answer["code"] == "not_found"


@pytest.mark.parametrize("fields", [
    {"type": "typing", "typing": True}, {"type": "members"}, {"type": "signal", "to": "0" * 32, "data": {}},
])
async def test_who_has_not_joined_learns_and_says_nothing(crowd, room, fields):
    inside, outside = await crowd.connect(), await crowd.connect()
    await inside.join(room)
    assert (await outside.refused(room=room, **fields))["code"] == "not_a_member"
    await inside.say(room, "quiet")
    assert not inside.has("typing") and not inside.has("signal")


async def test_a_signal_larger_than_the_limit_is_refused(crowd, room):
    ann = await crowd.connect()
    await ann.join(room)
    answer = await ann.refused(type="signal", room=room, to=ann.welcome["session"], data="x" * 17_000)
    assert answer["code"] == "too_large"


async def test_nothing_ephemeral_is_in_the_history(crowd, room):
    ann, ben = await crowd.connect(), await crowd.connect()
    await ann.join(room)
    await ben.join(room)
    await ben.send(dict(type="typing", room=room, typing=True))
    await frame(ann, "typing", room=room)
    await ben.say(room, "text")
    assert [message["text"] for message in (await ann.history(room))["messages"]] == ["text"]
