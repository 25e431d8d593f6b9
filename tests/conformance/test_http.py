"""The HTTP side: health, metrics, the page, and requests that are none."""

import contextlib
import re
import socket
import ssl

import pytest
from support import rawtls
from support.https import HOST, get_plain, request
from support.metrics import value_of
from support.waiting import wait_until
from support.wsclient import unique

HANDSHAKE_DEADLINE_S = 10


def exchange(edge, data):
    """Sends bytes over TLS; everything that comes back until the server ends the connection."""
    with rawtls.connect(edge) as tls:
        tls.settimeout(HANDSHAKE_DEADLINE_S + 10)
        tls.sendall(data)
        return rawtls.at_end(tls)


def get_line(path, *headers, version="1.1", method="GET"):
    lines = [f"{method} {path} HTTP/{version}", f"Host: {HOST}", *headers, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_on_both_ports(edge, path):
    assert request(edge, "GET", path).status == 200
    assert get_plain(edge.metrics_port, path).status == 200


def test_metrics_are_on_their_own_port_only(edge):
    answer = get_plain(edge.metrics_port, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE ")}
    ours = {name for name in names if name.startswith("roomcast_")}
    assert len(ours) >= 10, sorted(names)
    for word in ("session", "message", "ack", "outbox"):
        assert any(word in name for name in ours), f"nothing about {word} in {sorted(ours)}"
    assert "histogram" in answer.text
    assert request(edge, "GET", "/metrics").status == 404


def test_metrics_hold_no_rooms_and_no_users(edge):
    nick = unique("secretive")
    request(edge, "POST", "/guest", {"nick": nick})
    assert nick not in edge.metrics()


def test_metrics_tell_how_many_sessions_are_open(edge):
    def sessions():
        return value_of(edge, "roomcast_sessions")
    with contextlib.ExitStack() as stack:
        for nick in ("one", "another", "third"):
            stack.enter_context(rawtls.RawSocket(edge, rawtls.guest_token(edge, unique(nick))))
        wait_until(lambda: sessions() >= 3, "they are counted")
    wait_until(lambda: sessions() < 3, "they are counted no longer")


@pytest.mark.parametrize("path", ["/nowhere", "/guest/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2fREADME.md", "//",
                                  "/main.js%00.html", "/.git/config", "/" + "a" * 3000])
def test_what_is_not_there_is_404_or_a_bad_request(edge, path):
    answer = request(edge, "GET", path)
    assert answer.status in (400, 404)
    assert answer.error_code
    assert b"root:" not in answer.body


@pytest.mark.parametrize("method, path", [
    ("GET", "/guest"), ("DELETE", "/guest"), ("POST", "/"), ("PUT", "/healthz"), ("POST", "/ws"), ("DELETE", "/main.js"),
])
def test_a_method_that_a_path_does_not_have_is_405(edge, method, path):
    answer = request(edge, method, path)
    assert (answer.status, answer.error_code) == (405, "method_not_allowed")


def test_a_body_above_64_KiB_is_413(edge):
    answer = request(edge, "POST", "/guest", b'{"nick":"' + b"a" * 70000 + b'"}', {"Content-Type": "application/json"})
    assert (answer.status, answer.error_code) == (413, "too_large")


def test_a_body_that_is_announced_as_huge_is_refused_unread(edge):
    said = exchange(edge, get_line("/guest", "Content-Length: 99999999999", "Connection: close", method="POST"))
    assert said.split()[1] == b"413"


@pytest.mark.parametrize("path, kind", [("/", "text/html"), ("/main.css", "text/css"), ("/main.js", "text/javascript")])
def test_the_page_is_served_with_careful_headers(edge, path, kind):
    answer = request(edge, "GET", path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_head_is_get_without_the_body(edge):
    head, get = request(edge, "HEAD", "/"), request(edge, "GET", "/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))


def test_the_page_brings_all_it_needs_and_nothing_inline(edge):
    page = request(edge, "GET", "/").text
    assert 'src="main.js"' in page or 'src="/main.js"' in page
    for inline in ("<style", "style=", "onclick", "onload", "onsubmit", "javascript:"):
        assert inline not in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_requests_on_one_connection_are_answered_in_turn(edge):
    said = exchange(edge, get_line("/healthz") + get_line("/nowhere") + get_line("/readyz", "Connection: close"))
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", said)
    assert statuses == [b"200", b"404", b"200"]


def test_bytes_behind_the_upgrade_are_its_first_frames(edge):
    """A client may send a frame with its upgrade, before the answer; nothing of it is lost."""
    token = rawtls.guest_token(edge, unique("eager"))
    upgrade = get_line("/ws", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Authorization: Bearer {token}")
    said = exchange(edge, upgrade + rawtls.frame(rawtls.PING, b"early") + rawtls.frame(rawtls.CLOSE, b"\x03\xe8"))
    assert said.startswith(b"HTTP/1.1 101 ")
    assert b"early" in said


@pytest.mark.parametrize("headers, status", [
    (["Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], (400, 426)),
    (["Sec-WebSocket-Version: 13"], (400,)),
    (["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"], (400, 101)),  # Beast does not measure the key
])
def test_an_upgrade_that_is_none_is_refused(edge, headers, status):
    token = rawtls.guest_token(edge, unique("upper"))
    said = exchange(edge, get_line("/ws", "Upgrade: websocket", "Connection: Upgrade, close", f"Authorization: Bearer {token}",
                                   *headers) + rawtls.frame(rawtls.CLOSE, b"\x03\xe8"))
    assert int(said.split()[1]) in status


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x00\xa5" + bytes(165),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x00" * 4096,
    b"SSH-2.0-OpenSSH_9.2\r\n",
    bytes(range(256)) * 64,
], ids=["a hello of zeros", "plain http", "zeros", "ssh", "everything"])
def test_junk_on_the_port_ends_that_connection_alone(edge, data):
    with socket.create_connection((HOST, edge.port), timeout=HANDSHAKE_DEADLINE_S + 10) as plain:
        try:
            plain.sendall(data)
        except ConnectionError:
            pass
        said = rawtls.at_end(plain)
    assert b"HTTP/1.1 200" not in said
    assert request(edge, "GET", "/healthz").status == 200


@pytest.mark.parametrize("data", [
    b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 2000, b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /guest HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /guest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
], ids=["words", "no path", "another version", "empty lines", "no colon", "a zero", "a negative length", "bad chunks"])
def test_junk_inside_tls_is_refused(edge, data):
    said = exchange(edge, data)
    assert not said or 400 <= int(said.split()[1]) < 506
    assert request(edge, "GET", "/healthz").status == 200


def test_a_header_above_8_KiB_is_refused(edge):
    said = exchange(edge, get_line("/healthz", "X-Long: " + "a" * 9000))
    assert not said or said.split()[1] in (b"400", b"413", b"431")


def test_endless_chunks_are_refused(edge):
    chunk = b"ffff\r\n" + b"a" * 0xFFFF + b"\r\n"
    with rawtls.connect(edge) as tls:
        try:
            tls.sendall(get_line("/guest", "Transfer-Encoding: chunked", method="POST") + chunk * 20)
        except OSError:
            pass
        said = rawtls.at_end(tls)
    assert not said or said.split()[1] == b"413"


def test_who_does_not_finish_a_handshake_or_a_header_is_let_go(edge):
    """Three ways of standing in the door, side by side, since each takes the whole deadline; the port serves on."""
    patience = HANDSHAKE_DEADLINE_S + 8
    silent = socket.create_connection((HOST, edge.port))
    half = socket.create_connection((HOST, edge.port))
    half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # the beginning of a ClientHello
    slow = rawtls.connect(edge)
    slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    waiting = {"silent": silent, "half a handshake": half, "half a header": slow}
    for sock in waiting.values():
        sock.settimeout(0.05)

    def ended(sock):
        try:
            return sock.recv(4096) == b""
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True

    def all_ended():
        assert request(edge, "GET", "/healthz").status == 200
        for name in [name for name, sock in waiting.items() if ended(sock)]:
            waiting.pop(name).close()
        return not waiting

    wait_until(all_ended, f"the edge lets go of {list(waiting)}", within=patience)


def test_tls_below_1_2_is_refused(edge):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        rawtls.connect(edge, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(edge, version):
    context = ssl.create_default_context(cafile=str(edge.ca))
    context.minimum_version = context.maximum_version = version
    with rawtls.connect(edge, context) as tls:
        tls.sendall(get_line("/healthz", "Connection: close"))
        assert rawtls.at_end(tls).startswith(b"HTTP/1.1 200 ")
