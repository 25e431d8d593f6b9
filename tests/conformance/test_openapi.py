"""web/client/openapi.json is what the edge answers: asked by hand and by Schemathesis, and its routes are the source's.

All of it on a server of its own, as the wrong passwords that Schemathesis tries make their address wait.
"""

import http.client
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
from support.https import tls_context
from support.servers import HOST, ROOT, LocalServer
from support.wsclient import unique

PREFIX = pathlib.Path(os.environ.get("ROOMCAST_PREFIX", "/opt/roomcast")) / "schemathesis"
CHECKS = pathlib.Path(__file__).with_name("openapi_checks.py")
DOCUMENT = json.loads((ROOT / "web/client/openapi.json").read_text())
METHODS = ("get", "put", "post", "delete", "patch")
ANY_METHOD = (*METHODS, "options", "propfind")
FILES = ("/", "/openapi.json", "/asyncapi.json")
OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]
# They end the account or its token; the tests below call them.
ENDINGS = ("logOut", "deleteAccount", "changePassword")
EXAMPLES = 12
SEED = 20260101
FUZZ_S = 150  # far above what it takes, on a busy machine
PASSWORD = "correct horse"


def resolve(part):
    while "$ref" in part:
        found = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/")]
        part = found
    return part


def ask(edge, method, path, body=None, token=None, headers=()):
    """Status, headers and body. Not with support.https, which counts the codes that it sees for test_seen_codes.py."""
    connection = http.client.HTTPSConnection(HOST, edge.port, timeout=15, context=tls_context(edge.ca))
    headers = dict(headers)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method.upper(), path, body=None if body is None else json.dumps(body), headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def log_in(edge, user, password=PASSWORD):
    status, headers, body = ask(edge, "post", "/login", {"user": user, "password": password})
    assert status == 200, body
    fits("/login", "post", status, headers, body)
    return json.loads(body)["token"]


def registered(edge):
    user = unique("fuzz")
    answer = ask(edge, "post", "/register", {"user": user, "password": PASSWORD})
    fits("/register", "post", *answer)
    assert answer[0] == 201
    return user


def fits(path, method, status, headers, body):
    """The answer is one that the file has for that operation: its status, headers and body."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert str(status) in responses, f"{method} {path}: {status} is not described: {body}"
    described = resolve(responses[str(status)])
    named = {name.lower(): resolve(header) for name, header in described.get("headers", {}).items()}
    always = {"server", "date", "content-length", "connection", "x-content-type-options"} | ({"content-type"} if body else set())
    assert {name.lower() for name in headers} - always <= set(named), f"{method} {path}: {status} with {headers.keys()}"
    for name, header in named.items():
        assert not header.get("required") or headers[name], f"{method} {path}: {status} without {name}"
    kinds = described.get("content", {})
    if not kinds:
        assert body == b""
    elif kind := kinds.get("application/json"):
        assert headers["Content-Type"] == "application/json"
        schema = {**kind["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(body))


@pytest.fixture(scope="module")
def own_server():
    """One for all tests here; by its name they are of local mode alone (tests/conftest.py)."""
    with LocalServer() as server:
        yield server


@pytest.fixture
def alone(own_server):
    return own_server.edge


@pytest.fixture
def token(alone):
    return log_in(alone, registered(alone))


def concrete(path, room="nowhere-yet"):
    return path.replace("{room}", room).replace("{user}", "nobody").replace("{seq}", "0")


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_the_edge_serves_the_file(alone, name):
    answer = ask(alone, "get", f"/{name}")
    fits(f"/{name}", "get", *answer)
    assert answer[2] == (ROOT / "web/client" / name).read_bytes()
    status, headers, body = ask(alone, "get", f"/{name}", headers={"If-None-Match": answer[1]["ETag"]})
    fits(f"/{name}", "get", status, headers, body)
    assert status == 304


def test_the_file_is_openapi(own_server):
    done = subprocess.run([PREFIX / "bin/openapi-spec-validator", ROOT / "web/client/openapi.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_part_of_the_file_is_used(own_server):
    text = json.dumps(DOCUMENT)
    for kind in ("parameters", "headers", "responses", "schemas"):
        for name in DOCUMENT["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text or name == "MethodNotAllowed", f"nothing refers to {kind}/{name}"


def test_operations_have_names_of_their_own(own_server):
    names = [DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(names)) == len(names)
    assert set(ENDINGS) <= set(names)


def test_the_paths_are_the_source_s(own_server):
    api, door = ((ROOT / "ws-edge" / name).read_text() for name in ("api/api.cpp", "http_api.cpp"))
    routes = set(re.findall(r'path == "(/[^"]*)"', api + door))
    routes |= set(re.findall(r'"(/[^"]*)"', re.search(r"exact\{(.*?)\}", door, re.S)[1]))
    described = {path for path in DOCUMENT["paths"] if not path.startswith("/rooms/")} - set(FILES)
    assert described == routes
    parts = set(re.findall(r'what == "(\w+)"', api))
    assert {path.split("/")[3] for path in DOCUMENT["paths"] if path.count("/") > 2 and path.startswith("/rooms/")} == parts


def test_the_limits_are_the_source_s(own_server):
    source = (ROOT / "shared/core/limits.hpp").read_text()

    def limit(name):
        value = re.search(rf"\b{name} =\s*([^;]+);", source)[1].replace("'", "").replace("LL", "")
        assert re.fullmatch(r"[\d *]+", value)
        return eval(value)  # of digits and times alone

    schemas, parameters = DOCUMENT["components"]["schemas"], DOCUMENT["components"]["parameters"]
    assert schemas["Password"]["maxLength"] == limit("password_bytes")
    assert schemas["UserName"]["maxLength"] == limit("user_name_bytes")
    assert schemas["Title"]["maxLength"] == limit("room_title_bytes")
    assert schemas["Text"]["maxLength"] == limit("message_text_bytes")
    retention = schemas["Retention"]["anyOf"][0]
    assert (retention["minimum"], retention["maximum"]) == (limit("retention_s_least"), limit("retention_s_most"))
    assert schemas["History"]["properties"]["messages"]["maxItems"] == limit("history_page_messages")
    assert parameters["RoomLimit"]["schema"]["default"] == limit("rooms_default")
    assert parameters["MessageLimit"]["schema"]["default"] == limit("history_default_messages")
    assert parameters["RoomPassword"]["schema"]["maxLength"] == limit("room_password_input_bytes")
    assert parameters["RoomQuery"]["schema"]["maxLength"] == limit("room_query_bytes")
    assert parameters["Ticket"]["schema"]["maxLength"] == limit("ticket_bytes")


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_an_operation_is_there(alone, token, path, method):
    status, headers, body = ask(alone, method, concrete(path), token=token)
    fits(path, method, status, headers, body)
    if status == 404:
        assert json.loads(body)["error"]["code"] == "no_such_room"


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_an_operation_without_a_token(alone, path, method):
    item = DOCUMENT["paths"][path][method]
    status, headers, body = ask(alone, method, concrete(path))
    fits(path, method, status, headers, body)
    assert (status == 401) == ("security" not in item and path != "/ws"), body


@pytest.mark.parametrize("path", [path for path in DOCUMENT["paths"] if path not in FILES])
def test_other_methods_are_405_with_allow(alone, token, path):
    item = DOCUMENT["paths"][path]
    allowed = {name.upper() for name in METHODS if name in item} | ({"HEAD"} if "get" in item and path != "/ws" else set())
    assert set(item["x-allow"].split(", ")) == allowed
    for method in {name.upper() for name in (*ANY_METHOD, "head")} - allowed:
        status, headers, body = ask(alone, method, concrete(path), token=token)
        assert (status, headers["Allow"]) == (405, item["x-allow"]), method
        if method != "HEAD":
            assert json.loads(body)["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", FILES)
def test_other_methods_of_files_are_405_with_allow(alone, path):
    status, headers, _ = ask(alone, "post", path)
    assert status == 405
    assert headers["Allow"] == DOCUMENT["paths"][path]["x-allow"]


def test_logging_out_ends_the_token(alone, token):
    answer = ask(alone, "post", "/logout", token=token)
    fits("/logout", "post", *answer)
    assert answer[0] == 204
    again = ask(alone, "get", "/me", token=token)
    fits("/me", "get", *again)
    assert again[0] == 401


def test_changing_the_password_and_deleting_the_account(alone):
    user = registered(alone)
    token = log_in(alone, user)
    for body, wanted in (({"password": "wrong", "new_password": "battery"}, 401), ({"password": PASSWORD, "new_password": ""}, 400),
                         ({"password": PASSWORD, "new_password": "battery"}, 200)):
        answer = ask(alone, "post", "/me/password", body, token)
        fits("/me/password", "post", *answer)
        assert answer[0] == wanted
    new_token = json.loads(answer[2])["token"]
    assert ask(alone, "get", "/me", token=token)[0] == 401
    for body, wanted in (({}, 400), ({"password": PASSWORD}, 401), ({"password": "battery"}, 204)):
        answer = ask(alone, "delete", "/me", body, new_token)
        fits("/me", "delete", *answer)
        assert answer[0] == wanted
    answer = ask(alone, "post", "/login", {"user": user, "password": "battery"})
    fits("/login", "post", *answer)
    assert answer[0] == 401


def test_a_room_s_life(alone, token):
    """What Schemathesis seldom comes to: the good answers of all that needs a room of one's own."""
    room, bob = unique("life"), registered(alone)
    at = f"/rooms/{room}"
    steps = (
        ("post", "/rooms", "/rooms", {"room": room, "title": "Life", "password": "sesame", "retention_s": 3600}, 201),
        ("post", "/rooms", "/rooms", {"room": room}, 409),
        ("get", "/rooms/{room}", at, None, 200),
        ("post", "/rooms/{room}/messages", f"{at}/messages", {"text": "one", "id": "c1"}, 201),
        ("get", "/rooms/{room}/messages", f"{at}/messages?limit=1", None, 200),
        ("delete", "/rooms/{room}/messages/{seq}", f"{at}/messages/{{seq}}", None, 204),
        ("get", "/rooms/{room}/messages", f"{at}/messages", None, 200),
        ("delete", "/rooms/{room}/messages/{seq}", f"{at}/messages/999999", None, 404),
        ("put", "/rooms/{room}/bans/{user}", f"{at}/bans/{bob}", None, 204),
        ("get", "/rooms/{room}/bans", f"{at}/bans", None, 200),
        ("delete", "/rooms/{room}/bans/{user}", f"{at}/bans/{bob}", None, 204),
        ("post", "/rooms/{room}/kick", f"{at}/kick", {"user": bob}, 204),
        ("patch", "/rooms/{room}", at, {"password": None, "retention_s": None, "title": "x"}, 200),
        ("get", "/rooms", f"/rooms?q={room}", None, 200),
        ("patch", "/rooms/{room}", at, {"title": "x" * 201}, 413),
        ("post", "/rooms/{room}/messages", f"{at}/messages", {"text": "x" * 16385}, 413),
        ("patch", "/rooms/{room}", at, {"owner": bob}, 200),
        ("delete", "/rooms/{room}", at, None, 403),
    )
    seq = None
    for method, described, path, body, wanted in steps:
        answer = ask(alone, method, path.replace("{seq}", str(seq)), body, token)
        fits(described, method, *answer)
        assert answer[0] == wanted, (method, path, answer[2])
        if described.endswith("/messages") and method == "post" and wanted == 201:
            seq = json.loads(answer[2])["seq"]
    answer = ask(alone, "delete", at, token=log_in(alone, bob))
    fits("/rooms/{room}", "delete", *answer)
    assert answer[0] == 204


def test_schemathesis_finds_nothing(own_server, alone, token, report):
    assert (PREFIX / "bin/st").exists(), "there is no Schemathesis: run scripts/deps test"
    command = [
        PREFIX / "bin/st", "run", f"{alone.url}/openapi.json", "--tls-verify", alone.ca, "--header", f"Authorization: Bearer {token}",
        "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED, "--workers", "1", "--no-color",
        "--checks", "no_defect,described_headers,status_code_conformance,content_type_conformance,response_schema_conformance,"
        "response_headers_conformance,ignored_auth",
        "--continue-on-failure", "--generation-database", "none",
    ]
    for name in ENDINGS:
        command += ["--exclude-operation-id", name]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=FUZZ_S, cwd=own_server.dir,
                          env={**os.environ, "SCHEMATHESIS_HOOKS": str(CHECKS), "SSL_CERT_FILE": str(alone.ca)})
    (own_server.dir / "schemathesis.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
    cases = re.search(r"(\d+) generated", done.stdout)
    assert cases and int(cases[1]) >= 10 * len(OPERATIONS), "too few requests to mean something"
    report(f"Schemathesis: {cases[0]}")
    assert ask(alone, "get", "/me", token=token)[0] == 200, "the account outlived it, so that what was asked was asked by it"
