"""The echo server on the edge's layers (tests/ws-echo), and a socket that holds it to exact answers."""

import contextlib
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import tempfile

from support.https import HOST, tls_context
from support.rawtls import BINARY, CLOSE, PING, PONG, TEXT, FrameSocket, frame
from support.servers import BUILD, ROOT

ECHO = BUILD / "tests/ws-echo/ws-echo"
WITHIN_S = 20
CONTINUATION = 0x0
NORMAL, PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG = 1000, 1002, 1007, 1009


class EchoServer:
    """One process, for ws or wss, on a free port."""

    def __init__(self, scheme, *flags):
        assert ECHO.exists(), f"there is no {ECHO}: build the target ws-echo first"
        self.scheme = scheme
        self.context = None
        command = [ECHO, "--port", "0", *flags]
        if scheme == "wss":
            self.folder = tempfile.TemporaryDirectory(prefix="roomcast-echo-")
            certs = pathlib.Path(self.folder.name)
            subprocess.run([ROOT / "certs/make-certs", "--dir", certs], check=True, stdout=subprocess.DEVNULL)
            command += ["--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key"]
            self.context = tls_context(certs / "ca.pem")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        self.port = int(re.fullmatch(rf"ws-echo: {scheme}://{HOST}:(\d+)\n", said)[1])

    def connect(self):
        """A TCP or TLS connection, before any request."""
        plain = socket.create_connection((HOST, self.port), WITHIN_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.context.wrap_socket(plain, server_hostname=HOST) if self.context else plain

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(WITHIN_S) == 0, "the echo server did not end well"
        self.process.stdout.close()
        if self.context:
            self.folder.cleanup()


class EchoSocket(FrameSocket):
    """A WebSocket to the echo server. What is expected is exact: nothing may come that was not named."""

    def __init__(self, server, headers=()):
        super().__init__(server.connect())
        self.answer = self.upgrade(f"{HOST}:{server.port}", "/", headers)

    def send_chopped(self, data, size):
        for at in range(0, len(data), size):
            self.tls.sendall(data[at:at + size])

    def expect(self, opcode, payload):
        got = self.read_frame()
        if got != (opcode, payload):
            raise AssertionError(f"{got[0]} with {len(got[1])} bytes {got[1][:80]!r} came, not {opcode} with {len(payload)} "
                                 f"bytes {payload[:80]!r}")

    def expect_echo(self, payload, opcode=TEXT):
        self.expect(opcode, payload)

    def settle(self):
        """Everything that was sent so far has been read, and nothing was said to it."""
        self.send(frame(PING, b"settle"))
        self.expect(PONG, b"settle")

    def expect_failed(self, *codes):
        """The server's next and last word is a close frame with one of the codes, and it is the one to hang up."""
        opcode, payload = self.read_frame()
        assert opcode == CLOSE, f"a frame {opcode} with {payload[:80]!r} came, not the close"
        assert struct.unpack("!H", payload[:2])[0] in codes, f"closed with {payload!r}, not with {codes}"
        payload[2:].decode()
        self.expect_end()

    def close_normally(self, code=NORMAL, reason=b""):
        """Says goodbye; the server answers with the same code and hangs up."""
        self.send(frame(CLOSE, struct.pack("!H", code) + reason))
        self.expect_closed(code)

    def expect_closed(self, code=NORMAL):
        opcode, payload = self.read_frame()
        assert (opcode, payload[:2]) == (CLOSE, b"" if code is None else struct.pack("!H", code)), (opcode, payload[:80])
        self.expect_end()

    def expect_end(self):
        """The server hangs up without another byte."""
        assert not self.buffer, f"after the close: {bytes(self.buffer[:80])!r}"
        with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
            rest = self.tls.recv(1)
            assert rest == b"", f"after the close: {rest!r}"


def text_frames(payload, size, opcode=TEXT):
    """The message in frames of that many bytes."""
    pieces = [payload[at:at + size] for at in range(0, len(payload), size)] or [b""]
    last = len(pieces) - 1
    return b"".join(frame(opcode if i == 0 else CONTINUATION, piece, fin=i == last) for i, piece in enumerate(pieces))


__all__ = ["BINARY", "CLOSE", "CONTINUATION", "EchoServer", "EchoSocket", "INVALID_TEXT", "NORMAL", "PING", "PONG",
           "PROTOCOL_ERROR", "TEXT", "TOO_BIG", "frame", "text_frames"]
