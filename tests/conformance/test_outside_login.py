"""Tokens of another login system let its users in: its keys are in --jwt-jwks-file, and it answers for nobody else."""

import json
import signal
import time

import pytest
from support import tokens
from support.people import Person, account
from support.servers import LocalServer, make_folder
from support.waiting import eventually, wait_until
from support.wsclient import Crowd, unique

ISSUER, AUDIENCE = "https://login.example", "chat"


class Issuer:
    """A login system: its keys by kid, and the JWKS that the server reads."""

    def __init__(self):
        self.folder = make_folder("issuer")
        self.jwks = self.folder / "jwks.json"
        self.keys = {}

    def publishes(self, *kids):
        for kid in set(kids) - set(self.keys):
            self.keys[kid] = tokens.make_rsa_key(self.folder, kid)
        self.jwks.write_text(json.dumps({"keys": [tokens.jwk_of(self.keys[kid], kid) for kid in kids]}))

    def token(self, user, kid="k1", key=None, **claims):
        now = int(time.time())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7f3a", "email": user, "iat": now, "exp": now + 600,
                "jti": unique("jti")} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return tokens.sign_rs256(kid, said, key or self.keys[kid])


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    issuer.publishes("k1")
    return issuer


@pytest.fixture(scope="module")
def own_server(issuer):
    flags = ["--jwt-jwks-file", issuer.jwks, "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE, "--jwt-user-claim", "email"]
    with LocalServer(extra_flags=flags) as server:
        yield server


@pytest.fixture
def visitors(own_server):
    return Crowd(own_server)


def status_of(server, token):
    return Person(server.edge, "", token).ask("GET", "/me").status


async def test_who_logged_in_there_is_in_here(own_server, visitors, issuer):
    user = unique("ann") + "@example.org"
    person = Person(own_server.edge, user, issuer.token(user))
    me = person.does("GET", "/me")
    assert (me["user"], me["guest"]) == (user, False)
    room = person.opens()
    for via in ("bearer", "cookie", "subprotocol"):
        client = await visitors.connect(token=person.token, via=via)
        assert client.user == user
        assert (await client.join(room))["owner"] == user
        await client.say(room, "hi")
    ticket = person.does("POST", "/ticket")["ticket"]
    assert (await visitors.connect(token="", via="the url", ticket=ticket)).user == user


async def test_a_logout_here_takes_the_token_back_and_ends_its_sessions(own_server, visitors, issuer):
    user = unique("ann")
    person, elsewhere = [Person(own_server.edge, user, issuer.token(user)) for _ in range(2)]
    client, stays = await person.comes_in(visitors), await elsewhere.comes_in(visitors)
    assert person.ask("POST", "/logout").status == 204
    assert (await client.expect_close(), client.close_reason) == (4002, "logged out")
    await eventually(lambda: status_of(own_server, person.token) == 401, "the token is refused")
    await stays.join(unique("room"))


async def test_a_session_ends_with_the_outside_token_and_a_newer_one_prolongs_it(own_server, visitors, issuer):
    user, soon = unique("ann"), int(time.time()) + 3
    brief, prolonged = [await visitors.connect(token=issuer.token(user, exp=soon)) for _ in range(2)]
    await prolonged.send({"type": "refresh", "token": issuer.token(user)})
    await prolonged.expect("refreshed")
    assert await brief.expect_close() == 4001
    await prolonged.join(unique("room"))


@pytest.mark.parametrize("claims", [
    {"iss": "https://evil.example"}, {"iss": None}, {"iss": "roomcast"}, {"aud": "another"}, {"aud": None}, {"aud": "roomcast"},
    {"exp": 1}, {"exp": None}, {"nbf": 9999999999}, {"email": None}, {"email": ""}, {"email": " ann"}, {"email": 7},
], ids=str)
def test_what_it_does_not_vouch_for_is_refused(own_server, issuer, claims):
    assert status_of(own_server, issuer.token("ann")) == 200
    assert status_of(own_server, issuer.token("ann", **claims)) == 401


def test_a_key_that_it_does_not_publish_is_refused(own_server, issuer):
    stranger = tokens.make_rsa_key(issuer.folder, "stranger")
    assert status_of(own_server, issuer.token("ann", key=stranger)) == 401
    assert status_of(own_server, issuer.token("ann", kid="unheard-of", key=stranger)) == 401


def test_it_makes_no_tokens_of_ours_and_we_none_of_its(own_server, issuer):
    ours = tokens.claims_of(account(own_server.edge).token)
    assert status_of(own_server, tokens.sign_rs256("k1", ours, issuer.keys["k1"])) == 401
    its = tokens.claims_of(issuer.token("ann"))
    key = own_server.jwt_secret.read_bytes().strip()
    assert status_of(own_server, tokens.sign({"alg": "HS256", "typ": "JWT"}, its, key)) == 401


def test_an_account_of_ours_with_that_name_stays_ours(own_server, issuer):
    """What an outside user may do is by the name, and what an account owns is the account's alone."""
    ours = account(own_server.edge)
    room = ours.opens()
    namesake = Person(own_server.edge, ours.user, issuer.token(ours.user))
    assert namesake.ask("GET", f"/rooms/{room}").json.get("you_own") is False
    assert namesake.is_refused("DELETE", f"/rooms/{room}") == (403, "forbidden")
    assert namesake.is_refused("DELETE", "/me", {"password": "anything"})[0] in (401, 403)
    assert ours.does("GET", "/me")["user"] == ours.user


def test_its_new_keys_are_taken_up_on_sighup_and_its_old_ones_left(own_server, issuer):
    issuer.publishes("k1", "k2")
    assert status_of(own_server, issuer.token("ann", kid="k2")) == 401, "not read yet"
    own_server.signal(signal.SIGHUP)
    wait_until(lambda: status_of(own_server, issuer.token("ann", kid="k2")) == 200, "its new key counts")
    assert status_of(own_server, issuer.token("ann")) == 200, "its old one too"
    issuer.publishes("k2")
    own_server.signal(signal.SIGHUP)
    wait_until(lambda: status_of(own_server, issuer.token("ann")) == 401, "a key that it withdrew does not")
