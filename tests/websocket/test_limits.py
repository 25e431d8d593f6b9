"""Large messages, small pieces, many round trips (section 9 of the public suite, in our own words)."""

import pytest
from support.echo import BINARY, TEXT, TOO_BIG, EchoServer, EchoSocket, frame, text_frames

KIB, MIB = 1024, 1024 * 1024
MESSAGE_BYTES = 16 * MIB  # the echo server's limit, unless it is told another
SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]
KINDS = pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])


def payload_of(opcode, size):
    piece = b"BAsd7&jh23" if opcode == TEXT else b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    return (piece * (size // len(piece) + 1))[:size]


# 9.1, 9.2: one frame.

@KINDS
@pytest.mark.parametrize("size", SIZES)
def test_a_large_message_comes_back(socket, opcode, size):
    payload = payload_of(opcode, size)
    socket.send(frame(opcode, payload))
    socket.expect_echo(payload, opcode)
    socket.close_normally()


# 9.3, 9.4: 4 MiB in frames of one size.

@KINDS
@pytest.mark.parametrize("fragment", [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB])
def test_a_large_message_in_fragments_comes_back(socket, opcode, fragment):
    payload = payload_of(opcode, 4 * MIB)
    socket.send(text_frames(payload, fragment, opcode))
    socket.expect_echo(payload, opcode)
    socket.close_normally()


# 9.5, 9.6: one frame of 1 MiB, written in small pieces.

@KINDS
@pytest.mark.parametrize("chop", [64, 128, 256, 512, KIB, 2 * KIB])
def test_a_large_message_in_small_writes_comes_back(socket, opcode, chop):
    payload = payload_of(opcode, MIB)
    socket.send_chopped(frame(opcode, payload), chop)
    socket.expect_echo(payload, opcode)
    socket.close_normally()


# 9.7, 9.8: round trips.

@KINDS
@pytest.mark.parametrize("size", [0, 16, 64, 256, KIB, 4 * KIB])
def test_a_thousand_round_trips(socket, opcode, size):
    payload = payload_of(opcode, size)
    data = frame(opcode, payload)
    for _ in range(1000):
        socket.send(data)
        socket.expect_echo(payload, opcode)
    socket.close_normally()


# The limit itself.

def test_one_byte_more_than_the_limit_is_refused_at_the_header(socket):
    socket.send(frame(BINARY, b"", length=MESSAGE_BYTES + 1))
    socket.expect_failed(TOO_BIG)


def test_fragments_count_together(socket):
    socket.send(frame(BINARY, bytes(MESSAGE_BYTES), fin=False))
    socket.settle()
    socket.send(frame(0x0, b"x"))
    socket.expect_failed(TOO_BIG)


@pytest.mark.parametrize("length", [2 ** 32, 2 ** 62, 2 ** 63 - 1])
def test_a_length_that_no_memory_holds_is_refused_at_the_header(socket, length):
    socket.send(frame(BINARY, b"", length=length))
    socket.expect_failed(TOO_BIG)


def test_the_limit_is_what_the_flag_says(echo):
    if echo.scheme != "ws":
        pytest.skip("once is enough")
    with EchoServer("ws", "--message-bytes", "1000") as small, EchoSocket(small) as socket:
        socket.send(frame(TEXT, b"x" * 1000))
        socket.expect_echo(b"x" * 1000)
        socket.send(frame(TEXT, b"x" * 1001))
        socket.expect_failed(TOO_BIG)


def test_a_client_that_sends_much_and_reads_late_gets_all_of_it(socket):
    payload = payload_of(BINARY, MIB)
    for _ in range(2):  # more than the server is willing to owe, less than the sockets' buffers and the rest of its reading
        socket.send_quietly(frame(BINARY, payload))
    for _ in range(2):
        socket.expect_echo(payload, BINARY)
    socket.close_normally()
