"""Paging through a room's past."""

import datetime

import pytest
from support.wsclient import unique

COUNT = 230


@pytest.fixture
def room():
    return unique("past")


async def filled(crowd, room, edge, texts):
    writer = await crowd.connect(edge=edge)
    await writer.join(room)
    return writer, await writer.say_all(room, texts)


def numbers(page):
    return [int(message["text"]) for message in page["messages"]]


async def test_history_pages_both_ways_to_the_end(crowd, room, edge, other_edge):
    _, acks = await filled(crowd, room, edge, [str(n) for n in range(COUNT)])
    seqs = [ack["seq"] for ack in acks]
    reader = await crowd.connect(edge=other_edge)
    await reader.join(room, last=0)

    newest = await reader.history(room)
    assert newest["room"] == room
    assert numbers(newest) == list(range(COUNT - 50, COUNT)), "the default is the newest 50"
    assert newest["more"] is True

    found, before = [], seqs[-1] + 1
    while True:
        page = await reader.history(room, before=before, limit=60)
        found = numbers(page) + found
        assert len(page["messages"]) <= 60
        if not page["more"]:
            break
        before = page["messages"][0]["seq"]
    assert found == list(range(COUNT))

    found, after = [], seqs[0] - 1
    while True:
        page = await reader.history(room, after=after, limit=60)
        found += numbers(page)
        if not page["more"]:
            break
        after = page["messages"][-1]["seq"]
    assert found == list(range(COUNT))


async def test_the_edges_of_a_page(crowd, room, edge):
    reader, acks = await filled(crowd, room, edge, [str(n) for n in range(20)])
    seqs = [ack["seq"] for ack in acks]
    cases = [
        ({"before": seqs[10], "limit": 3}, [7, 8, 9], True),
        ({"after": seqs[10], "limit": 3}, [11, 12, 13], True),
        ({"before": seqs[3], "limit": 3}, [0, 1, 2], False),
        ({"after": seqs[16], "limit": 3}, [17, 18, 19], False),
        ({"before": seqs[0], "limit": 3}, [], False),
        ({"after": seqs[-1], "limit": 3}, [], False),
        ({"limit": 1}, [19], True),
        ({"limit": 20}, list(range(20)), False),
    ]
    for fields, wanted, more in cases:
        page = await reader.history(room, **fields)
        assert (numbers(page), page["more"]) == (wanted, more), fields


async def test_a_page_holds_200_messages_at_most(crowd, room, edge):
    reader, _ = await filled(crowd, room, edge, [str(n) for n in range(COUNT)])
    page = await reader.history(room, limit=200)
    assert numbers(page) == list(range(COUNT - 200, COUNT))
    assert page["more"] is True
    await reader.send({"type": "history", "room": room, "id": "h1", "limit": 5000})
    answer = await reader.take(lambda frame: frame.get("id") == "h1", "answer")
    if answer["type"] == "history":
        assert len(answer["messages"]) == 200
    else:
        assert answer["code"] == "bad_frame"


async def test_a_page_of_long_messages_is_cut_by_its_bytes_and_goes_on(crowd, room, edge):
    reader, acks = await filled(crowd, room, edge, [f"{n:03}" + "x" * 16000 for n in range(60)])
    found, after, pages = [], acks[0]["seq"] - 1, 0
    while True:
        page = await reader.history(room, after=after, limit=200)
        found += [int(message["text"][:3]) for message in page["messages"]]
        pages += 1
        if not page["more"]:
            break
        after = page["messages"][-1]["seq"]
    assert found == list(range(60))
    assert pages > 1


async def test_history_by_time(crowd, room, edge):
    reader, _ = await filled(crowd, room, edge, [str(n) for n in range(10)])
    messages = (await reader.history(room))["messages"]
    time = messages[5]["time"]
    page = await reader.history(room, from_time=time, limit=3)
    first = next(int(message["text"]) for message in messages if message["time"] >= time)
    assert numbers(page) == [first, first + 1, first + 2]
    assert page["more"] is True
    assert numbers(await reader.history(room, from_time="2000-01-01T00:00:00Z")) == list(range(10))
    page = await reader.history(room, from_time="2999-01-01T00:00:00Z")
    assert (page["messages"], page["more"]) == ([], False)


async def test_the_offset_of_a_time_counts(crowd, room, edge):
    reader, _ = await filled(crowd, room, edge, ["0", "1"])
    time = (await reader.history(room))["messages"][0]["time"]
    parsed = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    elsewhere = parsed.astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30))).isoformat(timespec="milliseconds")
    assert numbers(await reader.history(room, from_time=elsewhere)) == [0, 1]


async def test_history_of_an_empty_room(crowd, room):
    client = await crowd.connect()
    await client.join(room)
    page = await client.history(room)
    assert (page["messages"], page["more"]) == ([], False)


async def test_what_history_shows_is_what_was_shown_live(crowd, room, edge):
    reader, _ = await filled(crowd, room, edge, [f"text {n} ✓" for n in range(20)])
    live = [await reader.expect("message", room=room) for _ in range(20)]
    assert (await reader.history(room))["messages"] == live


async def test_an_acked_message_is_in_the_history_at_once(crowd, room, edge, other_edge):
    writer, reader = await crowd.connect(edge=edge), await crowd.connect(edge=other_edge)
    await writer.join(room)
    await reader.join(room)
    for n in range(20):
        await writer.say(room, str(n))
        assert numbers(await writer.history(room))[-1] == n
    assert numbers(await reader.history(room)) == list(range(20))


@pytest.mark.parametrize("fields", [
    {"before": "x"}, {"before": 1.5}, {"after": None}, {"after": []}, {"limit": 0}, {"limit": -5}, {"limit": "ten"},
    {"from_time": "yesterday"}, {"from_time": 5}, {"from_time": "2026-13-40T00:00:00Z"}, {"before": 5, "after": 3},
    {"before": 2 ** 70},
])
async def test_a_history_frame_that_makes_no_sense_is_refused(crowd, room, fields):
    client = await crowd.connect()
    await client.join(room)
    assert (await client.refused(type="history", room=room, **fields))["code"] == "bad_frame"


async def test_seqs_far_out_are_no_trouble(crowd, room, edge):
    reader, _ = await filled(crowd, room, edge, ["0", "1"])
    assert numbers(await reader.history(room, before=2 ** 53)) == [0, 1]
    assert numbers(await reader.history(room, after=2 ** 53)) == []
    assert numbers(await reader.history(room, before=0)) == []
    assert numbers(await reader.history(room, after=-1)) == [0, 1]
