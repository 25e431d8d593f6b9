"""The door: TLS, pages, limits, what is passed on, and what is not let in."""

import http.client
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest
from support.https import request, tls_context
from support.stack import docker, inspect
from support.waiting import wait_until

HOST = "127.0.0.1"


def connect(stack, context=None):
    raw = socket.create_connection((HOST, stack.nginx.port), timeout=20)
    return (context or tls_context(stack.nginx.ca)).wrap_socket(raw, server_hostname="localhost")


def answer_to(stack, data):
    """All that comes back until nginx closes."""
    with connect(stack) as tls:
        tls.sendall(data)
        answer = b""
        while chunk := tls.recv(65536):
            answer += chunk
        return answer.decode("latin-1")


def test_http_points_to_https(stack):
    connection = http.client.HTTPConnection(HOST, stack.ports["NGINX_HTTP_PORT"], timeout=10)
    connection.request("GET", "/rooms?x=1", headers={"Host": "localhost"})
    answer = connection.getresponse()
    assert answer.status == 308
    assert answer.headers["Location"] == f"https://localhost:{stack.nginx.port}/rooms?x=1"


def test_tls_is_1_2_or_newer_and_pages_come_over_http_2(stack):
    context = tls_context(stack.nginx.ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(stack, context) as tls:
        assert tls.version() == "TLSv1.3" and tls.selected_alpn_protocol() == "h2"
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(stack.nginx.ca)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(stack, old)


def test_the_page_is_compressed_cached_and_guarded_as_the_edge_does(stack):
    page = request(stack.nginx, "GET", "/", headers={"Accept-Encoding": "gzip"})
    assert page.status == 200 and page.headers["Content-Encoding"] == "gzip"
    again = request(stack.nginx, "GET", "/", headers={"If-None-Match": page.headers["ETag"], "Accept-Encoding": "gzip"})
    assert again.status == 304 and not again.body
    at_the_edge = request(stack.edges[0], "GET", "/")
    for header in ("Content-Security-Policy", "Referrer-Policy", "Cache-Control"):
        assert page.headers[header] == at_the_edge.headers[header], header
    script = request(stack.nginx, "GET", "/main.js")
    assert script.status == 200 and script.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
    assert request(stack.nginx, "GET", "/nowhere.js").error_code == "not_found", "what is no file is the API's to answer"
    assert request(stack.nginx, "GET", "/..%2f..%2fetc/passwd").status in (400, 404)


def test_a_request_that_could_be_read_in_two_ways_is_refused(stack):
    both = (b"POST /guest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n")
    assert answer_to(stack, both).startswith("HTTP/1.1 400")
    twice = b"POST /guest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"
    assert answer_to(stack, twice).startswith("HTTP/1.1 400")
    odd = b"POST /guest HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
    assert answer_to(stack, odd).startswith(("HTTP/1.1 400", "HTTP/1.1 501"))
    large = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 4000) for n in range(20)) + b"\r\n"
    assert answer_to(stack, large).startswith(("HTTP/1.1 400", "HTTP/1.1 431"))


def test_who_sends_the_header_slowly_is_cut_off(stack):
    began = time.monotonic()
    with connect(stack) as tls:
        tls.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert tls.recv(1024) == b""
    assert time.monotonic() - began < 20


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the header that it was sent."""

    def do_GET(self):
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def lone_nginx(stack):
    """An nginx of its own whose only edge is Echo, with few connections and requests for each address."""
    network = inspect(stack.container("nginx"))["NetworkSettings"]["Networks"]
    (name,) = network
    gateway = network[name]["Gateway"]
    server = http.server.ThreadingHTTPServer((gateway, 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    id = docker("run", "-d", "--rm", "--network", name, "--read-only", "--tmpfs", "/run/nginx:mode=0700,uid=10002,gid=10002", "-e", f"EDGES={gateway}",
                "-e", f"EDGE_PORT={server.server_port}", "-e", "BACKEND_TLS=off", "-e", "CONNECTIONS_PER_ADDRESS=3",
                "-e", "REQUESTS_PER_ADDRESS_S=1", "-p", "127.0.0.1::8443", "-v", f"{stack.certs}/stack/nginx:/run/certs:ro",
                "roomcast-nginx:local").strip()
    try:
        port = int(docker("port", id, "8443").split(":")[-1])
        lone = type("Lone", (), {"port": port, "ca": stack.nginx.ca})()

        def answers():
            try:
                return request(lone, "GET", "/rooms").status == 200
            except OSError:
                return False
        wait_until(answers, "nginx answers", 20)
        yield lone
    finally:
        docker("kill", id)
        server.shutdown()


def test_the_real_address_is_passed_on_whatever_the_client_claims(stack, lone_nginx):
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}
    seen = request(lone_nginx, "GET", "/rooms", headers=claims).json
    assert "203.0.113.9" not in json.dumps(seen)
    assert seen["X-Forwarded-For"] == seen["X-Real-IP"] and seen["X-Forwarded-Proto"] == "https"
    assert seen["Host"] == f"127.0.0.1:{lone_nginx.port}"


def test_connections_and_requests_of_one_address_have_a_limit(lone_nginx):
    statuses = [request(lone_nginx, "GET", "/rooms").status for _ in range(230)]
    assert statuses[:50] == [200] * 50 and 429 in statuses, "a burst of 200, then 1 a second"


def test_nginx_checks_who_the_edges_are(stack):
    """Edges whose certificate another authority has signed are none of ours: 502."""
    network = next(iter(inspect(stack.container("nginx"))["NetworkSettings"]["Networks"]))
    certs = stack.certs / "of-another-authority"
    subprocess.run(["mkdir", "-p", certs], check=True)
    for name in ("server.pem", "server.key"):
        (certs / name).write_bytes((stack.certs / name).read_bytes())
    (certs / "ca.pem").write_bytes((stack.certs / "link-ca.pem").read_bytes())
    for file in certs.iterdir():
        file.chmod(0o644)
    id = docker("run", "-d", "--rm", "--network", network, "--read-only", "--tmpfs", "/run/nginx:mode=0700,uid=10002,gid=10002", "-e", "EDGES=edge",
                "-p", "127.0.0.1::8443", "-v", f"{certs}:/run/certs:ro", "roomcast-nginx:local").strip()
    try:
        port = int(docker("port", id, "8443").split(":")[-1])
        other = type("Other", (), {"port": port, "ca": stack.nginx.ca})()

        def status():
            try:
                return request(other, "GET", "/readyz").status
            except OSError:
                return None
        assert wait_until(status, "nginx answers", 20) == 502
    finally:
        docker("kill", id)
