"""permessage-deflate (RFC 7692), which an edge does when it is told to, with clients that offer it."""

import json

import pytest
from support.rawtls import TEXT, RawSocket, deflate, frame, guest_token
from support.servers import LocalServer
from support.wsclient import Crowd, unique

FROM_BYTES = 200
FRAME_BYTES = 64 * 1024
CHROMIUM = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
RSV1 = 4


@pytest.fixture(scope="module")
def own_server():
    with LocalServer(extra_flags=["--compress-from", FROM_BYTES]) as server:
        yield server


@pytest.fixture
def people(own_server):
    return Crowd(own_server)


def raw(server, headers=(CHROMIUM,), query=""):
    return RawSocket(server.edge, guest_token(server.edge, unique("raw")), query, headers=headers)


def extensions(socket):
    return [line.partition(":")[2].strip() for line in socket.head.split("\r\n")
            if line.lower().startswith("sec-websocket-extensions:")]


def next_of(socket, kind):
    while True:
        given = json.loads(socket.read_opcode(TEXT))
        if given["type"] == kind:
            return given


def test_it_is_off_unless_the_edge_is_told_otherwise(server):
    with raw(server) as socket:
        assert extensions(socket) == []
        socket.read_opcode(TEXT)
        socket.send(frame(TEXT, deflate(b'{"type":"join","room":"a"}'), reserved=RSV1))
        assert socket.read_close() == 1002


def test_it_is_agreed_on_without_context_where_it_is_offered(own_server):
    with raw(own_server) as socket:
        assert extensions(socket) == ["permessage-deflate; server_no_context_takeover; client_no_context_takeover"]
    for headers in ((), ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9",)):
        with raw(own_server, headers) as socket:
            assert extensions(socket) == []
            socket.read_opcode(TEXT)
            socket.send(frame(TEXT, deflate(b"{}"), reserved=RSV1))
            assert socket.read_close() == 1002


def test_an_offer_in_a_second_header_counts(own_server):
    with raw(own_server, ("Sec-WebSocket-Extensions: x-unknown", CHROMIUM)) as socket:
        assert len(extensions(socket)) == 1


def test_long_messages_and_answers_are_compressed_and_short_ones_are_not(own_server):
    room = unique("room")
    with raw(own_server, query=f"?room={room}") as socket:
        next_of(socket, "joined")
        for text, compressed in (("word " * 100, True), ("hi", False)):
            socket.send_text(json.dumps({"type": "message", "room": room, "text": text}))
            assert next_of(socket, "message")["text"] == text
            assert socket.compressed == compressed
            next_of(socket, "ack")
            assert not socket.compressed
        socket.send_text(json.dumps({"type": "history", "room": room, "before": 100}))
        assert [message["text"] for message in next_of(socket, "history")["messages"]] == ["word " * 100, "hi"]
        assert socket.compressed


def test_compressed_frames_are_read_whole_and_in_fragments(own_server):
    room = unique("room")
    with raw(own_server, query=f"?room={room}") as socket:
        next_of(socket, "joined")
        said = json.dumps({"type": "message", "room": room, "text": "Grüße " * 200}).encode()
        packed = deflate(said)
        socket.send(frame(TEXT, packed, reserved=RSV1))
        assert next_of(socket, "message")["text"] == "Grüße " * 200
        socket.send(frame(TEXT, packed[:10], fin=False, reserved=RSV1) + frame(0, packed[10:20], fin=False) +
                    frame(0, packed[20:]))
        assert next_of(socket, "message")["text"] == "Grüße " * 200


@pytest.mark.parametrize("name, payload, code", [
    ("more than a frame may hold", deflate(b" " * (FRAME_BYTES + 1)), 1009),
    ("a thousand times what a frame may hold", deflate(b" " * (FRAME_BYTES * 1000)), 1009),
    ("no deflate", b"\xff\xff\xff\xff", 1007),
    ("half a message", deflate(b'{"type":"join","room":"general"}')[:-5], 1007),
    ("no UTF-8", deflate(b'{"type":"\xe4\xe4"}'), 1007),
])
def test_what_cannot_be_inflated_ends_the_session_with_its_reason(own_server, name, payload, code):
    with raw(own_server) as socket:
        socket.send(frame(TEXT, payload, reserved=RSV1))
        assert socket.read_close() == code
    with raw(own_server) as socket:  # and nobody else's
        assert json.loads(socket.read_opcode(TEXT))["type"] == "welcome"


def test_as_much_as_a_frame_may_hold_is_taken(own_server):
    with raw(own_server) as socket:
        said = b'{"type":"join","room":"' + unique("room").encode() + b'"}'
        socket.send(frame(TEXT, deflate(said + b" " * (FRAME_BYTES - len(said))), reserved=RSV1))
        assert next_of(socket, "joined")


def test_a_compressed_ping_breaks_the_protocol(own_server):
    with raw(own_server) as socket:
        socket.send(frame(9, b"ping", reserved=RSV1))
        assert socket.read_close() == 1002


async def test_those_who_take_it_and_those_who_do_not_see_the_same_room(people):
    room = unique("room")
    members = [await people.connect(compress=15 if number % 2 else 0) for number in range(6)]
    for member in members:
        await member.join(room)
    texts = [f"{number} " + "word " * (number * 7) for number in range(40)]
    for number, text in enumerate(texts):
        await members[number % 6].say(room, text)
    for member in members:
        await member.saw(room, count=len(texts))
        assert member.log(room).texts == texts
    late = await people.connect(compress=15)
    joined = await late.join(room, last=50)
    assert [message["text"] for message in joined["messages"]] == texts
