"""Messages, pings, reserved bits, opcodes and fragments (sections 1 to 5 of the public suite, in our own words)."""

import pytest
from support.echo import BINARY, CONTINUATION, PING, PONG, PROTOCOL_ERROR, TEXT, frame, text_frames

SIZES = [0, 125, 126, 127, 128, 65535, 65536]


# 1: text and binary payloads of every form of length.

@pytest.mark.parametrize("chop", [None, 997])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_a_message_of_any_size_comes_back(socket, opcode, size, chop):
    payload = (b"*" if opcode == TEXT else b"\xfe") * size
    if chop:
        socket.send_chopped(frame(opcode, payload), chop)
    else:
        socket.send(frame(opcode, payload))
    socket.expect_echo(payload, opcode)
    socket.close_normally()


def test_binary_is_not_looked_at_as_text(socket):
    socket.send(frame(BINARY, bytes(range(256))))
    socket.expect_echo(bytes(range(256)), BINARY)


def test_a_message_of_any_mask_comes_back(socket):
    for _ in range(50):  # frame() draws a new key each time
        socket.send(frame(TEXT, "Schlüssel 🔑".encode()))
        socket.expect_echo("Schlüssel 🔑".encode())


# 2: pings and pongs.

@pytest.mark.parametrize("payload", [b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125])
@pytest.mark.parametrize("chop", [1, 1000])
def test_a_ping_is_answered_with_its_payload(socket, payload, chop):
    socket.send_chopped(frame(PING, payload), chop)
    socket.expect(PONG, payload)
    socket.close_normally()


def test_a_ping_of_126_bytes_breaks_the_connection(socket):
    socket.send(frame(PING, b"\xfe" * 126))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("payload", [b"", b"unsolicited"])
def test_a_pong_that_nobody_asked_for_is_passed_over(socket, payload):
    socket.send(frame(PONG, payload) + frame(PING, b"ours"))
    socket.expect(PONG, b"ours")
    socket.close_normally()


@pytest.mark.parametrize("chop", [1, 1000])
def test_ten_pings_are_answered_in_order(socket, chop):
    socket.send_chopped(b"".join(frame(PING, b"payload-%d" % i) for i in range(10)), chop)
    for i in range(10):
        socket.expect(PONG, b"payload-%d" % i)
    socket.close_normally()


# 3: reserved bits, which no extension has given a meaning.

@pytest.mark.parametrize("reserved", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, PONG, 0x8], ids=["text", "binary", "ping", "pong", "close"])
def test_a_reserved_bit_breaks_the_connection(socket, opcode, reserved):
    payload = b"\x03\xe8" if opcode == 0x8 else b"Hello"
    socket.send(frame(opcode, payload, reserved=reserved) + frame(PING))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("chop", [1, 1000])
@pytest.mark.parametrize("reserved", [1, 2, 3, 4])
def test_what_came_before_a_reserved_bit_is_answered_and_nothing_after(socket, reserved, chop):
    socket.send_chopped(frame(TEXT, b"before") + frame(TEXT, b"bad", reserved=reserved) + frame(PING, b"after"), chop)
    socket.expect_echo(b"before")
    socket.expect_failed(PROTOCOL_ERROR)


# 4: opcodes that mean nothing.

@pytest.mark.parametrize("payload", [b"", b"reserved"])
@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_breaks_the_connection(socket, opcode, payload):
    socket.send(frame(opcode, payload) + frame(PING))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("chop", [1, 1000])
@pytest.mark.parametrize("opcode", [3, 7, 11, 15])
def test_what_came_before_a_reserved_opcode_is_answered_and_nothing_after(socket, opcode, chop):
    socket.send_chopped(frame(TEXT, b"before") + frame(opcode, b"bad") + frame(PING, b"after"), chop)
    socket.expect_echo(b"before")
    socket.expect_failed(PROTOCOL_ERROR)


# 5: fragments.

@pytest.mark.parametrize("opcode", [PING, PONG, 0x8], ids=["ping", "pong", "close"])
def test_a_control_frame_in_fragments_breaks_the_connection(socket, opcode):
    socket.send(frame(opcode, b"fragment1", fin=False) + frame(CONTINUATION, b"fragment2"))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("chop", [1, 1000])
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_a_message_in_two_fragments_comes_back_as_one(socket, opcode, chop):
    socket.send_chopped(frame(opcode, b"fragment1", fin=False) + frame(CONTINUATION, b"fragment2"), chop)
    socket.expect_echo(b"fragment1fragment2", opcode)
    socket.close_normally()


@pytest.mark.parametrize("chop", [1, 1000])
def test_a_ping_between_fragments_is_answered_at_once(socket, chop):
    socket.send_chopped(frame(TEXT, b"fragment1", fin=False) + frame(PING, b"between"), chop)
    socket.expect(PONG, b"between")  # before the message is complete
    socket.send_chopped(frame(CONTINUATION, b"fragment2"), chop)
    socket.expect_echo(b"fragment1fragment2")
    socket.close_normally()


@pytest.mark.parametrize("chop", [1, 1000])
@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("payload", [b"", b"non-continuation payload"])
def test_a_continuation_of_nothing_breaks_the_connection(socket, fin, payload, chop):
    socket.send_chopped(frame(CONTINUATION, payload, fin=fin) + frame(TEXT, b"Hello"), chop)
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("chop", [1, 1000])
@pytest.mark.parametrize("fin", [True, False])
def test_a_continuation_of_a_message_that_is_complete_breaks_the_connection(socket, fin, chop):
    data = (frame(TEXT, b"fragment1", fin=False) + frame(CONTINUATION, b"fragment2")
            + frame(CONTINUATION, b"fragment3", fin=fin) + frame(TEXT, b"fragment4"))
    socket.send_chopped(data, chop)
    socket.expect_echo(b"fragment1fragment2")
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("second", [TEXT, BINARY], ids=["text", "binary"])
@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("chop", [1, 1000])
def test_a_new_message_inside_another_breaks_the_connection(socket, second, fin, chop):
    socket.send_chopped(frame(TEXT, b"fragment1", fin=False) + frame(second, b"fragment2", fin=fin), chop)
    socket.expect_failed(PROTOCOL_ERROR)


def test_pings_between_five_fragments_are_answered_in_their_places(socket):
    for i, payload in enumerate([b"fragment1", b"fragment2", b"fragment3", b"fragment4", b"fragment5"]):
        socket.send(frame(CONTINUATION if i else TEXT, payload, fin=i == 4))
        if i in (1, 3):
            socket.send(frame(PING, b"ping%d" % i))
            socket.expect(PONG, b"ping%d" % i)
    socket.expect_echo(b"fragment1fragment2fragment3fragment4fragment5")
    socket.close_normally()


@pytest.mark.parametrize("chop", [1, 7, 100000])
def test_all_of_it_at_once_is_answered_in_order(socket, chop):
    socket.send_chopped(frame(TEXT, b"f1", fin=False) + frame(PING, b"p1") + frame(CONTINUATION, b"f2", fin=False)
                        + frame(PONG, b"no matter") + frame(PING, b"p2") + frame(CONTINUATION, b"", fin=False)
                        + frame(CONTINUATION, b"f3") + frame(TEXT, b"next"), chop)
    socket.expect(PONG, b"p1")
    socket.expect(PONG, b"p2")
    socket.expect_echo(b"f1f2f3")
    socket.expect_echo(b"next")
    socket.close_normally()


@pytest.mark.parametrize("pieces", [[b"", b"", b""], [b"", b"middle", b""], [b"first", b"", b""], [b"", b"", b"last"]], ids=str)
def test_empty_fragments_are_fragments(socket, pieces):
    socket.send(frame(TEXT, pieces[0], fin=False) + frame(CONTINUATION, pieces[1], fin=False) + frame(CONTINUATION, pieces[2]))
    socket.expect_echo(b"".join(pieces))
    socket.close_normally()


# Framing that section 5 of the standard forbids, beside those cases.

@pytest.mark.parametrize("opcode", [TEXT, PING, 0x8], ids=["text", "ping", "close"])
def test_a_frame_that_is_not_masked_breaks_the_connection(socket, opcode):
    socket.send(frame(opcode, b"", masked=False) + frame(PING))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("head", [
    bytes([0x81, 0xFE, 0, 5]), bytes([0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0, 5]), bytes([0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
    bytes([0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
], ids=["16 bits for 5", "64 bits for 5", "64 bits for 65535", "the highest bit"])
def test_a_length_that_is_not_the_shortest_breaks_the_connection(socket, head):
    socket.send(head + bytes(4) + b"Hello")
    socket.expect_failed(PROTOCOL_ERROR)


# 10: what a library that fragments by itself sends.

@pytest.mark.parametrize("size", [1, 1300, 65535, 65536])
def test_a_message_of_64_KiB_in_frames_of_one_size_comes_back(socket, size):
    payload = b"*" * 65536
    socket.send(text_frames(payload, size))
    socket.expect_echo(payload)
    socket.close_normally()
