"""Getting in: guests, the ways to show a token, tokens that do not count, the welcome."""

import time

import pytest
from support import tokens
from support.https import request
from support.wsclient import Refused, unique


@pytest.mark.parametrize("via", ["bearer", "cookie", "subprotocol"])
async def test_a_token_is_taken_in_each_of_its_ways(crowd, via):
    nick = unique("alice")
    client = await crowd.connect(nick, via=via)
    assert client.welcome["user"] == nick
    assert client.welcome["session"]
    assert client.welcome["node"].startswith("edge-")
    assert client.welcome["heartbeat_s"] == 25


async def test_the_subprotocol_that_is_chosen_is_roomcast_v1_and_never_the_token(crowd):
    client = await crowd.connect(via="subprotocol")
    assert client.socket.protocol == "roomcast.v1"


async def test_a_client_without_subprotocols_gets_none(crowd, edge):
    token = await crowd.token(unique("plain"))
    async with crowd.session(edge).ws_connect(edge.wss, headers={"Authorization": f"Bearer {token}"}) as socket:
        assert socket.protocol is None
        assert (await socket.receive_json(timeout=10))["type"] == "welcome"


async def test_two_sessions_of_one_user_are_two(crowd):
    token = await crowd.token(unique("twice"))
    first, second = await crowd.connect(token=token), await crowd.connect(token=token)
    assert first.user == second.user
    assert first.welcome["session"] != second.welcome["session"]


async def test_a_token_of_one_edge_counts_on_the_other(crowd, edge, other_edge):
    token = await crowd.token(unique("mover"), edge)
    assert (await crowd.connect(token=token, edge=other_edge)).user.startswith("mover")


def upgrade(edge, headers, path="/ws"):
    return request(edge, "GET", path, headers={
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} | headers)


def bad_tokens(server, good):
    header, claims, signature = good.split(".")
    return {
        "empty": "",
        "not a token": "hello",
        "two parts": f"{header}.{claims}",
        "no signature": f"{header}.{claims}.",
        "forged": tokens.sign({"alg": "HS256", "typ": "JWT"}, tokens.claims_of(good), b"another secret"),
        "changed claims": f"{header}.{tokens.encode(b'{}')}.{signature}",
        "alg none": tokens.encode(b'{"alg":"none","typ":"JWT"}') + f".{claims}.",
        "alg none, signed": tokens.altered(server, good, header={"alg": "none", "typ": "JWT"}),
        "another alg": tokens.altered(server, good, header={"alg": "HS384", "typ": "JWT"}),
        "expired": tokens.altered(server, good, exp=int(time.time()) - 10),
        "without an end": tokens.altered(server, good, exp=None),
        "very long": good + "A" * 4000,
    }


def test_a_bad_token_is_answered_401_in_each_way(server, edge):
    good = request(edge, "POST", "/guest", {"nick": unique("good")}).json["token"]
    for kind, token in bad_tokens(server, good).items():
        for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"token={token}"},
                        {"Sec-WebSocket-Protocol": f"roomcast.v1, bearer.{token}"}):
            answer = upgrade(edge, headers)
            assert (answer.status, answer.error_code) == (401, "bad_token"), (kind, headers)


def test_no_token_is_answered_401(edge):
    answer = upgrade(edge, {})
    assert (answer.status, answer.error_code) == (401, "bad_token")
    assert answer.headers["Content-Type"].startswith("application/json")


def test_a_token_in_the_url_does_not_count(edge):
    good = request(edge, "POST", "/guest", {"nick": unique("url")}).json["token"]
    assert upgrade(edge, {}, f"/ws?token={good}").status == 401


@pytest.mark.parametrize("query", ["room=%zz", "room=general&last=%4", "ticket=%", "room=general&password=100%"])
def test_a_query_that_is_badly_encoded_is_refused_and_does_not_count_as_missing(edge, query):
    good = request(edge, "POST", "/guest", {"nick": unique("query")}).json["token"]
    answer = upgrade(edge, {"Authorization": f"Bearer {good}"}, f"/ws?{query}")
    assert (answer.status, answer.error_code) == (400, "bad_frame")


def test_ws_without_an_upgrade_is_an_error_and_not_a_page(edge):
    good = request(edge, "POST", "/guest", {"nick": unique("noup")}).json["token"]
    answer = request(edge, "GET", "/ws", headers={"Authorization": f"Bearer {good}"})
    assert 400 <= answer.status < 500
    assert answer.error_code


async def test_a_page_of_another_origin_may_not_use_the_cookie(crowd, edge):
    token = await crowd.token(unique("victim"))
    answer = upgrade(edge, {"Cookie": f"token={token}", "Origin": "https://evil.example"})
    assert (answer.status, answer.error_code) == (403, "forbidden")
    # The page that the edge itself serves may.
    async with crowd.session(edge).ws_connect(edge.wss, headers={"Cookie": f"token={token}", "Origin": edge.url}) as socket:
        assert (await socket.receive_json(timeout=10))["type"] == "welcome"


async def test_a_session_ends_with_4001_when_its_token_runs_out(server, crowd):
    good = await crowd.token(unique("brief"))
    token = tokens.altered(server, good, exp=int(time.time()) + 3)
    client = await crowd.connect(token=token)
    assert await client.expect_close(within=10) == 4001
    with pytest.raises(Refused) as refusal:
        await crowd.connect(token=token)
    assert refusal.value.code == 401


def test_a_guest_gets_a_token_and_a_careful_cookie(edge):
    nick = unique("аня ✨")
    answer = request(edge, "POST", "/guest", {"nick": nick})
    assert answer.status == 200
    assert answer.json["user"] == nick
    cookie = answer.headers["Set-Cookie"]
    value, *attributes = [part.strip() for part in cookie.split(";")]
    assert value == f"token={answer.json['token']}"
    assert {"httponly", "secure", "samesite=lax"} <= {attribute.lower() for attribute in attributes}
    claims = tokens.claims_of(answer.json["token"])
    assert claims["exp"] > time.time()


@pytest.mark.parametrize("body, code", [
    (b"", "bad_frame"),
    (b"nick=alice", "bad_frame"),
    (b"[]", "bad_frame"),
    (b"{}", "bad_frame"),
    (b'{"nick":7}', "bad_frame"),
    (b'{"nick":"a"', "bad_frame"),
    (b'{"nick":""}', "bad_nick"),
    (b'{"nick":" alice"}', "bad_nick"),
    (b'{"nick":"ali\\nce"}', "bad_nick"),
    (b'{"nick":"' + b"a" * 65 + b'"}', "bad_nick"),
])
def test_a_guest_without_a_proper_nick_is_told_so(edge, body, code):
    answer = request(edge, "POST", "/guest", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.error_code) == (400, code)


def test_a_nick_that_is_not_utf8_is_refused(edge):
    answer = request(edge, "POST", "/guest", b'{"nick":"\xff\xfe"}', {"Content-Type": "application/json"})
    assert answer.status == 400


def test_a_nick_of_64_bytes_is_taken(edge):
    nick = "ж" * 32
    assert request(edge, "POST", "/guest", {"nick": nick}).json["user"] == nick
