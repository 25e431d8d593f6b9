"""Sending: acks, order, ids, repeats, the short form, and that texts come through exactly as they were sent."""

import asyncio
import re

import pytest
from support.roomlog import assert_exact, assert_same
from support.wsclient import unique

TEXT_BYTES = 16 * 1024
TEXTS = {
    "cyrillic": "Привет, мир! Ёжик съел щи.",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 \U0001F600 \U0010FFFF",
    "scripts": "日本語 עברית العربية हिन्दी ไทย 한국어",
    "combining": "e\u0301 is not \u00e9",
    "lines": "one\ntwo\r\nthree\n\n\tfour ",
    "quotes": "\"double\" 'single' `back` \\ \\\\ \\n \\u0041 /",
    "markup": "<script>alert('x')</script> &amp; &lt; <!-- ]]> %s {} ${x} {{y}}",
    "json": '{"type":"message","seq":1,"text":"no"}',
    "controls": "\x01\x02\x1f\x7f\x80\x9f",
    "zero": "before\x00after",
    "separators": "\u2028 \u2029 \ufeff \u200b \u202e",
    "noncharacters": "\uffff \ufffe \ufdd0 \ufffd",
    "spaces": "   ",
}


async def pair(crowd, room, edges):
    one, two = await crowd.connect(edge=edges[0]), await crowd.connect(edge=edges[-1])
    await one.join(room)
    await two.join(room)
    return one, two


async def test_a_message_is_acked_and_comes_to_all_and_to_its_sender(server, crowd):
    room = unique("hello")
    alice, bob = await pair(crowd, room, server.edges)
    ack = await alice.say(room, "hi", id="c1")
    assert ack["type"] == "ack" and ack["room"] == room and ack["id"] == "c1"
    frames = [await client.expect("message", room=room, id="c1") for client in (alice, bob)]
    assert frames[0] == frames[1]
    assert frames[0]["seq"] == ack["seq"]
    assert frames[0]["user"] == alice.user
    assert frames[0]["text"] == "hi"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", frames[0]["time"])


async def test_two_senders_are_seen_in_one_order_by_all(server, crowd):
    room = unique("order")
    clients = [await crowd.connect(edge=server.edges[n % len(server.edges)]) for n in range(4)]
    for client in clients:
        await client.join(room)
    sent = await asyncio.gather(*(client.say_all(room, [f"{n} {i}" for i in range(300)]) for n, client in enumerate(clients)))
    ids = [ack["id"] for acks in sent for ack in acks]
    for client in clients:
        assert_exact(await client.saw(room, count=len(ids)), ids, client.user)
    assert_same({client.user: client.log(room) for client in clients})
    for n, acks in enumerate(sent):
        seqs = [ack["seq"] for ack in acks]
        assert seqs == sorted(seqs), "one sender's messages keep their order"
        mine = [text for text in clients[0].log(room).texts if text.startswith(f"{n} ")]
        assert mine == [f"{n} {i}" for i in range(300)]
    by_id = {message.id: message.seq for message in clients[0].log(room).seen}
    assert all(by_id[ack["id"]] == ack["seq"] for acks in sent for ack in acks)


async def test_without_an_id_the_server_makes_one_up(crowd):
    room = unique("noid")
    client = await crowd.connect()
    await client.join(room)
    await client.send({"type": "message", "room": room, "text": "hi"})
    ack = await client.expect("ack", room=room)
    message = await client.expect("message", room=room)
    assert ack["id"] == message["id"] != ""
    assert ack["seq"] == message["seq"]


async def test_the_short_form_is_for_a_socket_in_one_room(crowd):
    room = unique("short")
    client = await crowd.connect(room=room)
    await client.expect("joined", room=room)
    await client.send({"text": "hi"})
    ack = await client.expect("ack", room=room)
    assert (await client.expect("message", room=room, text="hi"))["id"] == ack["id"]
    await client.send({"text": "with an id", "id": "mine"})
    await client.expect("ack", room=room, id="mine")
    await client.send({"text": "and typing", "typing": False})
    await client.expect("message", room=room, text="and typing")


async def test_the_short_form_needs_exactly_one_room(crowd):
    client = await crowd.connect()
    await client.send({"text": "hi", "id": "none"})
    assert (await client.expect("error", id="none"))["code"] in ("not_a_member", "bad_frame")
    rooms = [unique("two"), unique("two")]
    for room in rooms:
        await client.join(room)
    await client.send({"text": "hi", "id": "two"})
    assert (await client.expect("error", id="two"))["code"] == "bad_frame"
    await client.leave(rooms[0])
    await client.send({"text": "hi", "id": "one"})
    assert (await client.expect("ack", id="one"))["room"] == rooms[1]


@pytest.mark.parametrize("kind", TEXTS)
async def test_a_text_comes_through_exactly(server, crowd, kind):
    room, text = unique("exact"), TEXTS[kind]
    alice, bob = await pair(crowd, room, server.edges)
    await alice.say(room, text, id="c1")
    assert (await bob.expect("message", id="c1"))["text"] == text
    assert (await bob.history(room))["messages"][-1]["text"] == text


async def test_escapes_in_what_a_client_sends_mean_what_json_says(crowd):
    room = unique("escape")
    client = await crowd.connect()
    await client.join(room)
    await client.send_text(
        f'{{"type":"message","room":"{room}","id":"c1","text":"\\u0041\\ud83d\\ude00\\/\\b\\f\\u0000\\u2028"}}')
    await client.expect("ack", id="c1")
    assert (await client.expect("message", id="c1"))["text"] == "A\U0001F600/\b\f\x00\u2028"


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ud83d\\u0041"])
async def test_half_a_surrogate_is_refused(crowd, half):
    room = unique("half")
    client = await crowd.connect()
    await client.join(room)
    await client.send_text(f'{{"type":"message","room":"{room}","id":"c1","text":"{half}"}}')
    assert (await client.take(lambda frame: frame["type"] == "error", "error"))["code"] == "bad_frame"
    await client.say(room, "well")


async def test_unknown_fields_of_a_message_are_not_passed_on(crowd):
    room = unique("extra")
    client = await crowd.connect()
    await client.join(room)
    await client.request(type="message", room=room, id="c1", text="hi", user="root", seq=7, time="never", evil=True)
    message = await client.expect("message", id="c1")
    assert message["user"] == client.user
    assert set(message) == {"type", "room", "seq", "id", "user", "text", "time"}


async def test_the_longest_text_is_taken_and_one_byte_more_is_not(server, crowd):
    room = unique("long")
    alice, bob = await pair(crowd, room, server.edges)
    for text in ("x" * TEXT_BYTES, "ж" * (TEXT_BYTES // 2), "\x01" * (60 * 1024 // 6)):
        ack = await alice.say(room, text)
        assert (await bob.expect("message", seq=ack["seq"]))["text"] == text
    for text in ("x" * (TEXT_BYTES + 1), "ж" * (TEXT_BYTES // 2) + "x"):
        assert (await alice.refused(type="message", room=room, text=text))["code"] == "text_too_long"


async def test_an_empty_text_is_answered(crowd):
    """Whether it is a message is the server's to say; it is not to be left without an answer."""
    room = unique("empty")
    client = await crowd.connect()
    await client.join(room)
    await client.send({"type": "message", "room": room, "id": "c1", "text": ""})
    await client.take(lambda frame: frame["type"] in ("ack", "error") and frame["id"] == "c1", "answer")


@pytest.mark.parametrize("id", ["", "a b", "x" * 65, "é", "a\n", "a\u0000", "\t"])
async def test_an_id_outside_its_grammar_is_refused(crowd, id):
    room = unique("badid")
    client = await crowd.connect()
    await client.join(room)
    await client.send({"type": "message", "room": room, "id": id, "text": "hi"})
    assert (await client.take(lambda frame: frame["type"] == "error", "error"))["code"] == "bad_id"


async def test_an_id_may_be_any_64_printable_characters(crowd):
    room = unique("id")
    client = await crowd.connect()
    await client.join(room)
    for id in ("x" * 64, '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', "0"):
        assert (await client.say(room, "hi", id=id))["id"] == id
        await client.expect("message", id=id)


async def test_a_repeat_is_acked_with_the_first_seq_and_shown_once(crowd, edge, other_edge):
    """The same id again: on the same connection, on another one of the same user, on another edge."""
    room = unique("repeat")
    token = await crowd.token(unique("rita"))
    first, watcher = await crowd.connect(token=token, edge=edge), await crowd.connect(edge=other_edge)
    await first.join(room)
    await watcher.join(room)
    seq = (await first.say(room, "once", id="c1"))["seq"]
    await first.say(room, "between", id="c2")
    assert (await first.say(room, "once", id="c1"))["seq"] == seq
    for where in (edge, other_edge):
        again = await crowd.connect(token=token, edge=where)
        await again.join(room)
        assert (await again.say(room, "once", id="c1"))["seq"] == seq
    await first.say(room, "end", id="c3")
    for client in (first, watcher):
        log = await client.saw(room, id="c3")
        assert log.ids == ["c1", "c2", "c3"]
    late = await crowd.connect()
    assert [message["id"] for message in (await late.join(room))["messages"]] == ["c1", "c2", "c3"]
    assert [message["id"] for message in (await late.history(room))["messages"]] == ["c1", "c2", "c3"]


async def test_repeats_in_flight_at_once_are_shown_once(crowd, edge, other_edge):
    room = unique("burst")
    token = await crowd.token(unique("rob"))
    clients = [await crowd.connect(token=token, edge=where) for where in (edge, other_edge, edge, other_edge)]
    for client in clients:
        await client.join(room)
    answers = await asyncio.gather(*(client.say(room, f"m{n}", id=f"c{n}") for n in range(50) for client in clients))
    for n in range(50):
        assert len({answer["seq"] for answer in answers if answer["id"] == f"c{n}"}) == 1
    await clients[0].say(room, "end", id="end")
    for client in clients:
        assert_exact(await client.saw(room, id="end"), [f"c{n}" for n in range(50)] + ["end"])


async def test_the_same_id_of_two_users_is_two_messages(crowd):
    room = unique("shared")
    one, two = await crowd.connect(), await crowd.connect()
    await one.join(room)
    await two.join(room)
    first, second = await one.say(room, "mine", id="c1"), await two.say(room, "mine too", id="c1")
    assert first["seq"] != second["seq"]
    assert (await one.saw(room, count=2)).texts == ["mine", "mine too"]


async def test_the_same_id_in_two_rooms_is_two_messages(crowd):
    rooms = [unique("here"), unique("there")]
    client = await crowd.connect()
    for room in rooms:
        await client.join(room)
        await client.say(room, room, id="c1")
    for room in rooms:
        assert (await client.saw(room, count=1)).texts == [room]
