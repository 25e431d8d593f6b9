"""How connections end (section 7 of the public suite, in our own words)."""

import struct

import pytest
from support.echo import CLOSE, CONTINUATION, INVALID_TEXT, PING, PROTOCOL_ERROR, TEXT, frame

BYE = frame(CLOSE, struct.pack("!H", 1000))


# 7.1: what comes after a close is not answered.

def test_a_message_then_a_close(socket):
    socket.send(frame(TEXT, b"Hello World!"))
    socket.expect_echo(b"Hello World!")
    socket.close_normally()


@pytest.mark.parametrize("after", [BYE, frame(PING), frame(TEXT, b"late"), frame(0x3), frame(TEXT, b"\xff"), b"\xff" * 100],
                         ids=["a close", "a ping", "a message", "a wrong frame", "wrong text", "noise"])
@pytest.mark.parametrize("chop", [1, 10000])
def test_nothing_after_a_close_is_answered(socket, after, chop):
    socket.send_chopped(BYE, chop)
    socket.send_quietly(after)
    socket.expect_closed()


def test_nothing_in_the_same_bytes_as_a_close_is_answered(socket):
    socket.send(BYE + frame(PING) + frame(TEXT, b"late") + BYE)
    socket.expect_closed()


def test_a_close_inside_a_message_ends_both(socket):
    socket.send(frame(TEXT, b"fragment1", fin=False) + BYE + frame(CONTINUATION, b"fragment2"))
    socket.expect_closed()


def test_what_came_before_a_close_is_answered_first(socket):
    payload = b"BAsd7&jh23" * 26215
    socket.send(frame(TEXT, payload) + frame(TEXT, b"Hello World!") + BYE + frame(PING))
    socket.expect_echo(payload)
    socket.expect_echo(b"Hello World!")
    socket.expect_closed()


# 7.3, 7.5: what a close frame holds.

def test_a_close_without_a_code_is_answered_without_one(socket):
    socket.send(frame(CLOSE))
    socket.expect_closed(None)


def test_half_a_code_breaks_the_connection(socket):
    socket.send(frame(CLOSE, b"a"))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("reason", [b"", b"Hello World!", "Auf Wiedersehen, κόσμε".encode(), b"*" * 123], ids=len)
def test_a_close_with_a_reason_is_answered_with_its_code(socket, reason):
    socket.close_normally(reason=reason)


def test_a_reason_of_124_bytes_breaks_the_connection(socket):
    socket.send(frame(CLOSE, struct.pack("!H", 1000) + b"*" * 124))
    socket.expect_failed(PROTOCOL_ERROR)


@pytest.mark.parametrize("reason", [b"\xce\xba\xed\xa0\x80edited", b"\xff", b"cut\xce"])
def test_a_reason_that_is_not_utf8_breaks_the_connection(socket, reason):
    socket.send(frame(CLOSE, struct.pack("!H", 1000) + reason))
    socket.expect_failed(INVALID_TEXT)


# 7.7, 7.9, 7.13: codes.

@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
@pytest.mark.parametrize("reason", [b"", b"why"])
def test_a_code_that_may_be_sent_is_answered_with_itself(socket, code, reason):
    socket.close_normally(code, reason)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
@pytest.mark.parametrize("reason", [b"", b"why"])
def test_a_code_that_may_not_be_sent_breaks_the_connection(socket, code, reason):
    socket.send(frame(CLOSE, struct.pack("!H", code) + reason))
    socket.expect_failed(PROTOCOL_ERROR)


# Ends without a close.

def test_a_client_that_hangs_up_without_a_word_is_let_go(echo, socket):
    for data in (b"", frame(TEXT, b"half a mess")[:8], frame(TEXT, b"fragment", fin=False)):
        with type(socket)(echo) as other:
            other.send(data)
    socket.settle()
    socket.close_normally()
