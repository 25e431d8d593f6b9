"""A client that does not read: caught up if it comes round, closed with 4008 if not, and never anyone else's trouble."""

import asyncio
import json
import pathlib
import socket

import pytest
from support.rawtls import CLOSE, PING, TEXT, RawSocket, close_code, frame, guest_token
from support.roomlog import assert_exact
from support.waiting import eventually
from support.wsclient import unique

NO_SIGN_OF_LIFE, TOO_SLOW = 1001, 4008
DEADLINE_S = 15
TEXT_BYTES = 15_000
COUNT = 600  # some 9 MB: far more than a socket's buffers and an outbox hold


def join(sock, room):
    sock.send(frame(TEXT, f'{{"type":"join","room":"{room}","last":0}}'.encode()))
    while json.loads(sock.read_opcode(TEXT))["type"] != "joined":
        pass


def server_side_is_open(edge, local_port):
    """Whether the edge's end of a connection is established, by the kernel's own table."""
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, state, *_ = line.split()
        if int(here.split(":")[1], 16) == edge.port and int(there.split(":")[1], 16) == local_port:
            return state == "01"
    return False


@pytest.fixture
def stalled(server, edge):
    """Makes a socket with a small receive buffer, on which nobody reads."""
    sockets = []

    def make(token):
        sockets.append(RawSocket(edge, token, receive_buffer=4096))
        return sockets[-1]

    yield make
    for sock in sockets:
        sock.close()


async def test_who_does_not_read_is_closed_and_no_one_else_notices(crowd, edge, stalled):
    room = unique("slow")
    writer, reader = await crowd.connect(edge=edge), await crowd.connect(edge=edge)
    await writer.join(room)
    await reader.join(room)
    slow = await asyncio.to_thread(stalled, await crowd.token(unique("sloth")))
    await asyncio.to_thread(join, slow, room)
    local_port = slow.tls.getsockname()[1]
    acks = await writer.say_all(room, [f"{n} " + "x" * TEXT_BYTES for n in range(COUNT)])
    await reader.saw(room, id=acks[-1]["id"], within=5)
    await eventually(lambda: not server_side_is_open(edge, local_port), "the slow one is closed", DEADLINE_S + 10)
    assert_exact(reader.log(room), [ack["id"] for ack in acks])

    def last_words():
        slow.tls.settimeout(5)
        try:
            while True:
                opcode, payload = slow.read_frame()
                if opcode == CLOSE:
                    return close_code(payload)
        except (OSError, ConnectionError):
            return None  # there was no room for them in the buffers
    assert await asyncio.to_thread(last_words) in (TOO_SLOW, None)
    await writer.say(room, "still fine")


async def test_who_reads_again_in_time_is_caught_up_with_nothing_missing(crowd, edge, stalled):
    room = unique("lag")
    writer = await crowd.connect(edge=edge)
    await writer.join(room)
    slow = await asyncio.to_thread(stalled, await crowd.token(unique("lagger")))
    await asyncio.to_thread(join, slow, room)
    acks = await writer.say_all(room, [f"{n} " + "x" * TEXT_BYTES for n in range(COUNT)])
    ids = [ack["id"].encode() for ack in acks]

    def read_all():
        found = []
        while len(found) < COUNT:
            payload = slow.read_opcode(TEXT)
            if payload.startswith(b'{"type":"message"'):
                found.append(payload.split(b'"id":"', 1)[1].split(b'"', 1)[0])
        return found
    slow.tls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    assert await asyncio.wait_for(asyncio.to_thread(read_all), 60) == ids


def test_who_gives_no_sign_of_life_is_closed_with_1001(edge):
    """Two heartbeats of 25 s: the first ends in a ping, which is not answered here."""
    with RawSocket(edge, guest_token(edge, unique("silent"))) as silent:
        silent.tls.settimeout(60)
        assert silent.read_opcode(PING) == b""
        assert silent.read_close() == NO_SIGN_OF_LIFE


def test_questions_beyond_32_at_once_are_answered_with_busy(edge):
    room = unique("busy")
    with RawSocket(edge, guest_token(edge, unique("asker"))) as asker:
        join(asker, room)
        questions = [{"type": "history", "room": room, "id": f"h{n}"} for n in range(100)]
        asker.send(b"".join(frame(TEXT, json.dumps(question).encode()) for question in questions))
        answers = {}
        while len(answers) < len(questions):
            answer = json.loads(asker.read_opcode(TEXT))
            if answer.get("id", "").startswith("h"):
                answers[answer["id"]] = answer
        assert all(answers[f"h{n}"]["type"] == "history" for n in range(32))
        busy = [answer for answer in answers.values() if answer["type"] == "error"]
        assert busy
        assert {(answer["code"], answer["retry_after_ms"]) for answer in busy} == {("busy", 500)}
