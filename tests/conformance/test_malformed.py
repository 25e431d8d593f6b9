"""What is not the protocol: a clear error or a close code from the list, and the server unmoved."""

import json
import struct

import pytest
from support import rawtls
from support.rawtls import BINARY, CLOSE, PING, PONG, TEXT, RawSocket, frame, guest_token
from support.wsclient import unique

FRAME_BYTES = 64 * 1024

BAD_FRAMES = {
    "nothing": "",
    "spaces": "   ",
    "not JSON": "hello",
    "half an object": '{"type":"message"',
    "two objects": '{"type":"join","room":"a"}{"type":"join","room":"b"}',
    "an array": "[]",
    "an array of frames": '[{"type":"join","room":"a"}]',
    "a string": '"join"',
    "a number": "7",
    "null": "null",
    "an empty object": "{}",
    "100 levels": "[" * 100 + "]" * 100,
    "100 levels in a field": '{"type":"message","room":"a","text":' + '{"a":' * 100 + "1" + "}" * 100 + "}",
    "30,000 open brackets": "[" * 30000,
    "a comment": '{"type":"join",/* hi */"room":"a"}',
    "a trailing comma": '{"type":"join","room":"a",}',
    "single quotes": "{'type':'join'}",
    "NaN": '{"type":"join","room":"a","last":NaN}',
    "a raw newline in a string": '{"type":"message","room":"a","text":"a\nb"}',
    "a byte order mark": '\ufeff{"type":"join","room":"a"}',
    "type is a number": '{"type":5}',
    "type is null": '{"type":null}',
    "join without a room": '{"type":"join"}',
    "room is a number": '{"type":"join","room":7}',
    "room is an object": '{"type":"join","room":{}}',
    "last is a string": '{"type":"join","room":"a","last":"5"}',
    "message without a text": '{"type":"message","room":"a"}',
    "text is a number": '{"type":"message","room":"a","text":7}',
    "text is null": '{"type":"message","room":"a","text":null}',
    "text is a list": '{"type":"message","room":"a","text":["hi"]}',
    "history without a room": '{"type":"history"}',
    "leave without a room": '{"type":"leave"}',
}


@pytest.fixture
def token(edge):
    return guest_token(edge, unique("mallory"))


@pytest.fixture
def raw(edge, token):
    with RawSocket(edge, token) as socket:
        yield socket


@pytest.fixture(autouse=True)
def unmoved(server):
    """After each of these tests every edge is the same process and serves a client."""
    yield
    for edge in server.edges:
        assert edge.ready()
        with RawSocket(edge, guest_token(edge, unique("next"))) as socket:
            socket.read_opcode(TEXT)


async def error_for(client, text):
    await client.send_text(text)
    return await client.take(lambda frame: frame["type"] == "error", "error")


@pytest.mark.parametrize("kind", BAD_FRAMES)
async def test_a_bad_frame_is_answered_and_the_session_goes_on(crowd, kind):
    client = await crowd.connect()
    error = await error_for(client, BAD_FRAMES[kind])
    assert error["code"] == "bad_frame"
    assert error["message"]
    await client.join(unique("on"))


@pytest.mark.parametrize("name", ["hello", "", "JOIN", "joined", "ack", "x" * 300, "\u0000"])
async def test_an_unknown_type_is_answered_and_the_session_goes_on(crowd, name):
    client = await crowd.connect()
    assert (await error_for(client, json.dumps({"type": name})))["code"] == "unknown_type"
    await client.join(unique("on"))


async def test_an_error_carries_the_id_of_what_it_answers(crowd):
    client = await crowd.connect()
    error = await error_for(client, '{"type":"nonsense","id":"n1"}')
    assert (error["code"], error["id"]) == ("unknown_type", "n1")


async def test_many_bad_frames_do_not_pile_up(crowd):
    client = await crowd.connect()
    for _ in range(500):
        await client.send_text("{")
    for _ in range(500):
        await client.expect("error", code="bad_frame")
    await client.join(unique("on"))


async def test_binary_frames_are_closed_with_1003(crowd):
    client = await crowd.connect()
    await client.send_bytes(b'{"type":"join","room":"general"}')
    assert await client.expect_close() == 1003


async def test_a_frame_of_64_KiB_is_read_and_one_byte_more_is_not(crowd):
    client = await crowd.connect()
    assert (await error_for(client, "x" * FRAME_BYTES))["code"] == "bad_frame"
    await client.send_text("x" * (FRAME_BYTES + 1))
    assert await client.expect_close() == 1009


def test_a_frame_of_1_MiB_is_closed_with_1009_before_it_is_all_there(raw):
    raw.send(frame(TEXT, b"x" * 1000, length=1024 * 1024))
    assert raw.read_close() == 1009


def test_a_frame_that_claims_to_be_huge_is_closed_at_its_header(raw):
    raw.send(frame(TEXT, length=2 ** 62))
    assert raw.read_close() in (1009, 1002)


def test_fragments_count_together(raw):
    raw.send_quietly(frame(TEXT, b"x" * 40000, fin=False) + frame(0, b"x" * 40000, fin=True))
    assert raw.read_close() == 1009


def test_a_frame_in_fragments_is_one_frame_and_pings_may_come_between(raw):
    raw.send(frame(TEXT, b'{"type":"no', fin=False) + frame(PING, b"mid") + frame(0, b'nsense","id":', fin=False)
             + frame(0, b'"f1"}', fin=True))
    assert raw.read_opcode(PONG) == b"mid"
    while (answer := json.loads(raw.read_opcode(TEXT)))["type"] != "error":
        pass
    assert (answer["code"], answer["id"]) == ("unknown_type", "f1")


@pytest.mark.parametrize("data", [
    b'{"type":"message","text":"\xff"}', b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80",
], ids=["stray byte", "overlong", "surrogate", "past the end", "cut short", "continuation"])
def test_invalid_utf8_is_closed_with_1007(raw, data):
    raw.send(frame(TEXT, data))
    assert raw.read_close() == 1007


def test_a_character_split_over_fragments_is_valid(raw):
    raw.send(frame(TEXT, b'"\xd0', fin=False) + frame(0, b'\x96"', fin=True))
    while (answer := json.loads(raw.read_opcode(TEXT)))["type"] != "error":
        pass
    assert answer["code"] == "bad_frame"


@pytest.mark.parametrize("data", [
    frame(TEXT, b"{}", masked=False),
    frame(TEXT, b"{}", reserved=4),
    frame(TEXT, b"{}", reserved=1),
    frame(0x3, b"x"),
    frame(0xB, b"x"),
    frame(0, b"x"),
    frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"),
    frame(PING, b"x" * 126),
    frame(PING, b"x", fin=False),
    frame(CLOSE, b"\x03"),
    frame(CLOSE, struct.pack("!H", 1005)),
    frame(CLOSE, struct.pack("!H", 999)),
], ids=["unmasked", "compressed bit", "reserved bit", "unknown opcode", "unknown control opcode", "continuation of nothing",
        "text inside a fragmented text", "long ping", "fragmented ping", "half a close code", "a close code for no wire",
        "a close code below 1000"])
def test_a_malformed_frame_is_closed_with_1002(raw, data):
    raw.send(data)
    assert raw.read_close() == 1002


def test_binary_inside_a_fragmented_text_is_a_protocol_error(raw):
    raw.send(frame(TEXT, b"x", fin=False) + frame(BINARY, b"y"))
    assert raw.read_close() in (1002, 1003)


def test_pings_are_answered_with_what_they_carry(raw):
    for payload in (b"", b"hello", bytes(125)):
        raw.send(frame(PING, payload))
        assert raw.read_opcode(PONG) == payload


def test_a_pong_that_nobody_asked_for_is_no_trouble(raw):
    raw.send(frame(PONG, b"well") + frame(PING, b"still here"))
    assert raw.read_opcode(PONG) == b"still here"


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_a_close_is_answered_with_its_code(raw, code):
    raw.send(frame(CLOSE, struct.pack("!H", code) + "до встречи".encode()))
    assert raw.read_close() in (code, 1000)
    assert rawtls.at_end(raw.tls) == b""


def test_a_close_without_a_code_is_answered(raw):
    raw.send(frame(CLOSE))
    assert raw.read_close() in (None, 1000, 1005)


def test_a_client_that_vanishes_mid_frame_is_forgotten(edge, token):
    for _ in range(20):
        with RawSocket(edge, token) as socket:
            socket.send(frame(TEXT, b'{"type":"mess', length=100))


def test_one_byte_at_a_time_is_a_frame_too(raw):
    for byte in frame(TEXT, b'{"type":"nonsense","id":"slow"}'):
        raw.send(bytes([byte]))
    while (answer := json.loads(raw.read_opcode(TEXT)))["type"] != "error":
        pass
    assert answer["id"] == "slow"
