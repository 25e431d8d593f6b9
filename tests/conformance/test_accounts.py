"""Accounts: who registers, who logs in, and when a token stops being good."""

import concurrent.futures

import pytest
from support.people import PASSWORD, Person, account, error_of, guest, some_address
from support.waiting import wait_until
from support.wsclient import unique

REMOVED = 4002
FREE_TRIES = 5


def attributes_of(cookie):
    return [part.strip().lower() for part in cookie.split(";")][1:]


def register(edge, user, password=PASSWORD):
    return Person(edge, user).ask("POST", "/register", {"user": user, "password": password})


def log_in(edge, user, password=PASSWORD, address=None):
    return Person(edge, user, address=address).ask("POST", "/login", {"user": user, "password": password})


def is_good(edge, token):
    status = Person(edge, "", token).ask("GET", "/me").status
    assert status in (200, 401)
    return status == 200


def refused_everywhere(server, token):
    for edge in server.edges:
        wait_until(lambda: not is_good(edge, token), f"{edge.name} refuses the token")


def test_who_registers_can_log_in_and_is_told_who_they_are(edge, other_edge):
    user = unique("alice")
    registered = register(edge, user)
    assert (registered.status, registered.json) == (201, {"status": "registered"})
    answer = log_in(other_edge, user)
    assert (answer.status, answer.json["user"], answer.json["guest"]) == (200, user, False)
    me = Person(edge, user, answer.json["token"]).does("GET", "/me")
    assert me == {"user": user, "guest": False, "expires": answer.json["expires"]}


def test_the_cookie_of_a_login_is_out_of_reach_of_scripts_and_of_other_sites(edge):
    user = account(edge).user
    answer = log_in(edge, user)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"token={answer.json['token']};")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(attributes_of(cookie))
    with_cookie = Person(edge, user).ask("GET", "/me", headers={"Cookie": f"token={answer.json['token']}"})
    assert with_cookie.json["user"] == user


@pytest.mark.parametrize("method, path", [("GET", "/me"), ("DELETE", "/me"), ("POST", "/me/password"), ("POST", "/logout"),
                                          ("POST", "/refresh"), ("POST", "/ticket"), ("GET", "/rooms"), ("POST", "/rooms")])
def test_what_needs_a_token_is_401_without_one(edge, method, path):
    assert Person(edge, "").is_refused(method, path, {} if method != "GET" else None) == (401, "bad_token")


async def test_a_logout_ends_the_sessions_of_that_token_on_all_edges_and_no_others(server, crowd, edge):
    alice = account(edge)
    sessions = [await alice.comes_in(crowd, each) for each in server.edges]
    elsewhere = Person(edge, alice.user).logs_in()
    still_in = await elsewhere.comes_in(crowd)
    answer = alice.ask("POST", "/logout")
    assert answer.status == 204
    assert answer.headers["Set-Cookie"].startswith("token=;")
    assert "max-age=0" in attributes_of(answer.headers["Set-Cookie"])
    for session in sessions:
        assert await session.expect_close() == REMOVED
        assert session.close_reason == "logged out"
    refused_everywhere(server, alice.token)
    assert is_good(edge, elsewhere.token)
    await still_in.join(unique("room"))


async def test_a_changed_password_ends_all_older_sessions_and_tokens(server, crowd, edge):
    alice = account(edge)
    old_token = alice.token
    sessions = [await alice.comes_in(crowd, each) for each in server.edges]
    changed = alice.does("POST", "/me/password", {"password": PASSWORD, "new_password": "another one"})
    assert (changed["user"], changed["guest"]) == (alice.user, False)
    for session in sessions:
        assert await session.expect_close() == REMOVED
        assert session.close_reason == "password changed"
    refused_everywhere(server, old_token)
    for each in server.edges:
        assert is_good(each, changed["token"])
        assert (await crowd.connect(token=changed["token"], edge=each)).user == alice.user
    assert log_in(edge, alice.user, PASSWORD).error_code == "wrong_password"
    assert log_in(edge, alice.user, "another one").status == 200


def test_a_password_is_changed_only_by_who_knows_it(edge):
    alice = account(edge)
    change = {"password": "a guess", "new_password": "another one"}
    assert alice.is_refused("POST", "/me/password", change) == (401, "wrong_password")
    assert is_good(edge, alice.token)
    assert log_in(edge, alice.user).status == 200


async def test_a_deleted_account_is_gone_with_its_sessions_and_tokens(server, crowd, edge, other_edge):
    alice = account(edge)
    assert alice.is_refused("DELETE", "/me", {"password": "a guess"}) == (401, "wrong_password")
    sessions = [await alice.comes_in(crowd, each) for each in server.edges]
    assert alice.ask("DELETE", "/me", {"password": PASSWORD}).status == 204
    for session in sessions:
        assert await session.expect_close() == REMOVED
        assert session.close_reason == "account deleted"
    refused_everywhere(server, alice.token)
    assert log_in(other_edge, alice.user).error_code == "wrong_password"


def test_the_name_of_a_deleted_account_is_free_and_the_next_one_is_somebody_else(server, edge, other_edge):
    alice = account(edge)
    room = alice.opens()
    alice.does("DELETE", "/me", {"password": PASSWORD})
    refused_everywhere(server, alice.token)
    assert register(other_edge, alice.user, "of somebody else").status == 201
    heir = Person(other_edge, alice.user).logs_in("of somebody else")
    assert all(is_good(each, heir.token) for each in server.edges)
    assert not is_good(edge, alice.token)
    assert heir.does("GET", f"/rooms/{room}")["you_own"] is False
    assert heir.is_refused("DELETE", f"/rooms/{room}") == (403, "forbidden")


async def test_a_refreshed_token_is_good_for_a_session_that_is_open(crowd, edge, other_edge):
    alice = account(edge)
    fresh = alice.does("POST", "/refresh", edge=other_edge)
    assert fresh["token"] != alice.token
    assert fresh["expires"] >= alice.does("GET", "/me")["expires"]
    session = await alice.comes_in(crowd)
    await session.send({"type": "refresh", "token": fresh["token"]})
    assert (await session.expect("refreshed"))["expires"] == fresh["expires"]
    alice.does("POST", "/logout")  # the token that the session came with, and no longer has
    await session.join(unique("room"))


async def test_a_session_is_not_refreshed_with_the_token_of_another(crowd, edge):
    session = await account(edge).comes_in(crowd)
    await session.send({"type": "refresh", "token": account(edge, "bob").token})
    await session.expect("error", code="bad_token")
    await session.join(unique("room"))


@pytest.mark.parametrize("name, same", [
    ("Alice", "ALICE"), ("Straße", "STRASSE"), ("Ёлка", "ёлка"), ("Jose\u0301", "JOS\u00c9"), ("ﬁn", "FIN"),
])
def test_names_that_look_alike_are_one(edge, other_edge, name, same):
    tail = unique("")
    assert register(edge, name + tail).status == 201
    answer = register(other_edge, same + tail)
    assert (answer.status, answer.error_code) == (409, "name_taken")
    assert log_in(other_edge, same + tail).status == 200


def test_a_name_is_kept_in_normal_form_and_in_the_case_it_was_registered_in(edge):
    tail = unique("")
    register(edge, "Jose\u0301" + tail)
    assert log_in(edge, "jose\u0301" + tail).json["user"] == "Jos\u00e9" + tail


@pytest.mark.parametrize("name", ["", " alice", "ali\u200bce", "ali\nce", "a" * 65, "a  b"])
def test_what_is_no_name_cannot_register(edge, name):
    answer = register(edge, name)
    assert (answer.status, answer.error_code) == (400, "bad_nick")


def test_two_registrations_at_once_leave_one_account(edge, other_edge):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            user = unique("twin")
            tries = [(each, f"{user} {n}") for n, each in enumerate([edge, other_edge] * 2)]
            answers = list(pool.map(lambda one: register(one[0], user, one[1]), tries))
            assert sorted(answer.status for answer in answers) == [201] + [409] * 3
            for (each, password), answer in zip(tries, answers):
                assert (log_in(other_edge, user, password).status == 200) == (answer.status == 201)


@pytest.mark.parametrize("password, status", [("x" * 72, 201), ("ж" * 36, 201), ("x" * 73, 400), ("ж" * 37, 400), ("", 400),
                                              ("half\0way", 400)])
def test_a_password_has_1_to_72_bytes_and_no_zero(edge, password, status):
    user = unique("alice")
    answer = register(edge, user, password)
    assert answer.status == status
    if status == 400:
        assert answer.error_code == "bad_password"
        alice = account(edge)
        change = {"password": PASSWORD, "new_password": password}
        assert alice.is_refused("POST", "/me/password", change) == (400, "bad_password")
    else:
        assert log_in(edge, user, password).status == 200
        assert log_in(edge, user, password[:-1]).error_code == "wrong_password"


@pytest.mark.parametrize("guess", ["a guess", "", "x" * 73, PASSWORD + "\0", PASSWORD + "\0more"])
def test_a_wrong_password_and_an_unknown_user_are_answered_alike(edge, guess):
    known = log_in(edge, account(edge).user, guess)
    assert (known.status, known.error_code) == (401, "wrong_password")
    assert error_of(log_in(edge, unique("nobody"), guess)) == error_of(known)


def test_a_name_that_nobody_can_have_is_answered_like_one_that_nobody_has(edge):
    nobody = log_in(edge, unique("nobody"))
    for name in ("", "no\nbody", "n" * 65):
        assert error_of(log_in(edge, name)) == error_of(nobody)


@pytest.mark.parametrize("path", ["/register", "/login"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"user":"a"}', b'{"password":"a"}', b'{"user":1,"password":"a"}', b"{"])
def test_a_body_without_name_and_password_is_malformed(edge, path, body):
    assert Person(edge, "").is_refused("POST", path, body) == (400, "bad_frame")


def guess_until_throttled(edge, user, address):
    for _ in range(FREE_TRIES):
        assert log_in(edge, user, "a guess", address).error_code == "wrong_password"
    answer = log_in(edge, user, "a guess", address)
    assert (answer.status, answer.error_code) == (429, "rate_limited")
    return answer


def test_who_guesses_must_wait_at_that_address_for_any_account(edge):
    alice, bob, address = account(edge), account(edge, "bob"), some_address()
    answer = guess_until_throttled(edge, alice.user, address)
    wait_ms = answer.json["error"]["retry_after_ms"]
    assert 0 < wait_ms <= 1000
    assert answer.headers["Retry-After"] == "1"
    assert log_in(edge, bob.user, address=address).error_code == "rate_limited"
    assert log_in(edge, bob.user).status == 200, "from elsewhere"


def test_who_is_guessed_at_must_wait_at_any_address_and_then_gets_in(edge):
    alice = account(edge)
    guess_until_throttled(edge, alice.user, some_address())
    assert log_in(edge, alice.user).error_code == "rate_limited"
    wait_until(lambda: log_in(edge, alice.user).status == 200, "the right password is taken again", within=5)


@pytest.mark.parametrize("method, path", [("POST", "/me/password"), ("DELETE", "/me")])
def test_a_guest_has_no_account_to_change(edge, method, path):
    body = {"password": PASSWORD, "new_password": "another one"}
    assert guest(edge).is_refused(method, path, body) == (403, "forbidden")


def test_tokens_got_right_after_a_change_of_password_end_with_the_next_one(server, edge):
    alice = account(edge)
    first = alice.does("POST", "/me/password", {"password": PASSWORD, "new_password": "second"})["token"]
    alice.token = first
    third = alice.does("POST", "/me/password", {"password": "second", "new_password": "third"})["token"]
    refused_everywhere(server, first)
    assert is_good(edge, third)
