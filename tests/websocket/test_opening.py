"""The opening handshake (RFC 6455, section 4)."""

import base64
import hashlib

import pytest
from support.echo import TEXT, EchoSocket, frame
from support.rawtls import FrameSocket

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13"}


def head_of(echo, headers, start="GET / HTTP/1.1"):
    with FrameSocket(echo.connect()) as raw:
        raw.send((start + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode())
        lines = raw.read_until(b"\r\n\r\n").decode().split("\r\n")
    return int(lines[0].split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}


def test_the_key_is_answered_as_the_standard_says(echo):
    status, headers = head_of(echo, GOOD)
    digest = hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    assert status == 101
    assert headers["sec-websocket-accept"] == base64.b64encode(digest).decode() == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert headers["upgrade"].lower() == "websocket" and headers["connection"].lower() == "upgrade"


@pytest.mark.parametrize("changed", [
    {"Upgrade": "WebSocket"}, {"Connection": "keep-alive, Upgrade"}, {"Connection": "upgrade"}, {"Origin": "http://localhost"},
    {"Pragma": "no-cache"},
], ids=str)
def test_what_clients_write_otherwise_is_an_upgrade_too(echo, changed):
    assert head_of(echo, GOOD | changed)[0] == 101


@pytest.mark.parametrize("offer", ["permessage-deflate", "permessage-deflate; client_max_window_bits", "x-webkit-deflate-frame"])
def test_no_extension_is_agreed_on(echo, offer):
    status, headers = head_of(echo, GOOD | {"Sec-WebSocket-Extensions": offer})
    assert status == 101 and "sec-websocket-extensions" not in headers


@pytest.mark.parametrize("changed", [
    {"Upgrade": "h2c"}, {"Connection": "keep-alive"}, {"Sec-WebSocket-Key": ""}, {"Sec-WebSocket-Key": "c2hvcnQ="},
    {"Sec-WebSocket-Version": "8"},
], ids=str)
def test_what_is_no_upgrade_is_refused(echo, changed):
    status, headers = head_of(echo, GOOD | changed)
    assert status == 426 and headers["sec-websocket-version"] == "13"


def test_a_post_is_no_upgrade(echo):
    assert head_of(echo, GOOD | {"Content-Length": "0"}, "POST / HTTP/1.1")[0] == 426


def test_a_frame_sent_along_with_the_request_is_read(echo):
    with FrameSocket(echo.connect()) as raw:
        request = "GET / HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in GOOD.items()) + "\r\n"
        raw.send(request.encode() + frame(TEXT, b"early"))
        assert raw.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        assert raw.read_frame() == (TEXT, b"early")


def test_a_request_byte_by_byte_is_read(echo):
    with EchoSocket(echo) as socket:
        socket.send_chopped(frame(TEXT, b"hello"), 1)
        socket.expect_echo(b"hello")
        socket.close_normally()
