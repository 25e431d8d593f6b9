"""A socket and hand-made WebSocket frames, for what no well-behaved client would send."""

import base64
import contextlib
import json
import os
import socket
import ssl
import struct
import zlib

from support import asyncapi
from support.https import HOST, request, tls_context

TIMEOUT_S = 15
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def connect(edge, context=None, receive_buffer=None):
    plain = socket.socket()
    plain.settimeout(TIMEOUT_S)
    if receive_buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        plain.connect((HOST, edge.port))
        return (context or tls_context(edge.ca)).wrap_socket(plain, server_hostname=HOST)
    except BaseException:
        plain.close()
        raise


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0, length=None):
    """One frame; `length` lies about the payload's."""
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | (reserved << 4) | opcode])
    mask_bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([mask_bit | length])
    elif length < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", length)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + xor(payload, key)


def xor(payload, key):
    """As one big number: a byte at a time takes seconds for megabytes."""
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")


def deflate(text):
    """A message's payload as permessage-deflate without context has it."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def inflate(payload):
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\x00\x00\xff\xff")


class FrameSocket:
    """A connected socket, TLS or not, on which WebSocket frames are read."""

    compressed = False  # the frame that was read last

    def __init__(self, connected):
        self.tls = connected
        self.buffer = bytearray()

    def upgrade(self, host, path, headers=()):
        """Asks for a WebSocket; the head of the answer."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = self.read_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return head.decode()

    def read_until(self, mark):
        while (at := self.buffer.find(mark)) < 0:
            self._fill()
        head = bytes(self.buffer[:at])
        del self.buffer[:at + len(mark)]
        return head

    def read_frame(self):
        """(opcode, payload) of the server's next frame; servers send whole and unmasked ones."""
        first, second = self._take(2)
        assert first & 0x80 and not second & 0x80, "a fragment or a masked frame from the server"
        self.compressed = bool(first & 0x40)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        payload = self._take(length)
        return first & 0x0F, inflate(payload) if self.compressed else payload

    def read_opcode(self, wanted):
        """The payload of the next frame of that kind; others are passed over."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == wanted:
                return payload
            assert opcode != CLOSE, f"closed with {close_code(payload)} instead"

    def read_close(self):
        """The close code with which the server ends the connection."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return close_code(payload)

    def send(self, data):
        self.tls.sendall(data)

    def send_quietly(self, data):
        """For data that the server may refuse before it has it all."""
        with contextlib.suppress(OSError):
            self.tls.sendall(data)

    def send_text(self, text):
        self.send(frame(TEXT, text.encode()))

    def _fill(self):
        data = self.tls.recv(65536)
        if not data:
            raise ConnectionError(f"the server ended the connection; before that: {bytes(self.buffer[:200])!r}")
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._fill()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def close(self):
        self.tls.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawSocket(FrameSocket):
    """A session of an edge on which everything may be done wrong."""

    said_goodbye = False

    def __init__(self, edge, token, query="", receive_buffer=None, headers=()):
        super().__init__(connect(edge, receive_buffer=receive_buffer))
        self.head = self.upgrade(f"{HOST}:{edge.port}", f"/ws{query}", [f"Authorization: Bearer {token}", *headers])

    def send(self, data):
        self.said_goodbye = self.said_goodbye or data[:1] == bytes([0x80 | CLOSE])
        super().send(data)

    def read_frame(self):
        opcode, payload = super().read_frame()
        if opcode == TEXT:
            asyncapi.received(json.loads(payload))
        elif opcode == CLOSE and not self.said_goodbye:
            asyncapi.closed(close_code(payload))
        return opcode, payload


def close_code(payload):
    return struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None


def guest_token(edge, nick):
    answer = request(edge, "POST", "/guest", {"nick": nick})
    assert answer.status == 200, answer.text
    return answer.json["token"]


def at_end(sock):
    """Reads until the server ends the connection; gives what it said before."""
    said = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLError):
        while data := sock.recv(65536):
            said += data
    return said
