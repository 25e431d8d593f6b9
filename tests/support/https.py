"""Plain HTTP requests, over TLS with the CA checked, or to the metrics port without TLS."""

import dataclasses
import http.client
import json
import ssl

from support import asyncapi

HOST = "127.0.0.1"
TIMEOUT_S = 15


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error_code(self):
        assert set(self.json["error"]) >= {"code", "message"}, self.text
        return self.json["error"]["code"]


def tls_context(ca):
    return ssl.create_default_context(cafile=str(ca))


def request(edge, method, path, body=None, headers=()):
    """One request on a connection of its own. `body` is sent as it is if bytes, else as JSON."""
    headers = dict(headers)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPSConnection(HOST, edge.port, timeout=TIMEOUT_S, context=tls_context(edge.ca))
    return _exchange(connection, method, path, body, headers)


def get_plain(port, path):
    return _exchange(http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S), "GET", path, None, {})


def _exchange(connection, method, path, body, headers):
    try:
        connection.request(method, path, body=body, headers=headers)
        got = connection.getresponse()
        answer = Answer(got.status, got.headers, got.read())
        if got.status >= 400 and (got.getheader("Content-Type") or "").startswith("application/json"):
            if isinstance(answer.json, dict) and "error" in answer.json:
                asyncapi.answered_by_http(got.status, answer.json["error"].get("code"))
        return answer
    except http.client.HTTPException as error:
        raise ConnectionError(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()
