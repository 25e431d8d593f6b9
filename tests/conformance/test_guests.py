"""Guests: a nick is one guest's while it is in use and never an account's name, and a guest owns nothing."""

import asyncio
import concurrent.futures

import pytest
from support.people import PASSWORD, Person, account, guest
from support.wsclient import Crowd, unique

NAME_TAKEN = (409, "name_taken")
FORBIDDEN = (403, "forbidden")


def ask_for(edge, nick):
    return Person(edge, nick).ask("POST", "/guest", {"nick": nick})


def refused_as(answer):
    return answer.status, answer.error_code


@pytest.mark.parametrize("alike", [str, str.upper, str.title], ids=["same", "upper case", "title case"])
async def test_a_nick_in_use_is_nobody_elses_at_any_edge(server, crowd, edge, alike):
    ann = guest(edge, "ann straße")
    for each in server.edges:
        assert refused_as(ask_for(each, alike(ann.user))) == NAME_TAKEN, "with a token and no session yet"
    client = await ann.comes_in(crowd)
    for each in server.edges:
        assert refused_as(ask_for(each, alike(ann.user))) == NAME_TAKEN, "with a session"
    await client.close()
    for each in server.edges:
        assert refused_as(ask_for(each, alike(ann.user))) == NAME_TAKEN, "just left, and may come back"
    await ann.comes_in(crowd)


def test_a_nick_that_is_asked_for_twice_at_once_goes_to_one(edge, other_edge):
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            nick = unique("twin")
            answers = list(pool.map(lambda each: ask_for(each, nick), [edge, other_edge] * 3))
            assert sorted(answer.status for answer in answers) == [200] + [409] * 5


async def test_a_guest_may_have_sessions_at_all_edges(server, crowd, edge):
    ann, room = guest(edge, "ann"), unique("room")
    sessions = [await ann.comes_in(crowd, each) for each in server.edges * 2]
    for session in sessions:
        await session.join(room)
    said = await sessions[0].say(room, "hi")
    for session in sessions:
        assert (await session.saw(room, id=said["id"])).seen[0].user == ann.user


def test_a_nick_is_never_the_name_of_an_account(edge, other_edge):
    alice = account(edge)
    for nick in (alice.user, alice.user.upper()):
        assert refused_as(ask_for(other_edge, nick)) == NAME_TAKEN


async def test_an_account_does_not_get_the_nick_of_a_guest_in_use(crowd, edge, other_edge):
    ann = guest(edge, "ann")
    client = await ann.comes_in(crowd)
    for name in (ann.user, ann.user.upper()):
        body = {"user": name, "password": PASSWORD}
        assert Person(other_edge, name).is_refused("POST", "/register", body) == NAME_TAKEN
    await client.join(unique("room"))


def test_the_name_of_a_deleted_account_is_free_for_a_guest(edge, other_edge):
    alice = account(edge)
    alice.does("DELETE", "/me", {"password": PASSWORD})
    answer = ask_for(other_edge, alice.user)
    assert (answer.status, answer.json["guest"]) == (200, True)


def test_a_guest_is_told_to_be_one(edge, other_edge):
    ann = guest(edge, "ann")
    me = ann.does("GET", "/me", edge=other_edge)
    assert (me["user"], me["guest"]) == (ann.user, True)
    fresh = ann.does("POST", "/refresh", edge=other_edge)
    assert (fresh["user"], fresh["guest"]) == (ann.user, True)


@pytest.mark.parametrize("fields", [{}, {"password": "open sesame"}], ids=["public", "private"])
async def test_a_room_made_by_a_guest_is_nobodys(crowd, edge, other_edge, fields):
    ann = guest(edge, "ann")
    room = unique("room")
    made = ann.does("POST", "/rooms", {"room": room, "title": "mine?"} | fields)
    assert (made["owner"], made["you_own"], made["title"]) == (None, False, "mine?")
    refusal = (404, "no_such_room") if fields else FORBIDDEN
    for method, path, body in [("PATCH", "", {"title": "mine"}), ("DELETE", "", None), ("POST", "/kick", {"user": "bob"}),
                               ("PUT", "/bans/bob", None), ("GET", "/bans", None), ("DELETE", "/messages/0", None)]:
        assert ann.is_refused(method, f"/rooms/{room}{path}", body) == refusal
    client = await guest(other_edge).comes_in(crowd)
    assert "owner" not in await client.join(room, **fields)


def test_a_guest_cannot_log_in(edge):
    ann = guest(edge, "ann")
    body = {"user": ann.user, "password": ""}
    assert Person(edge, ann.user).is_refused("POST", "/login", body) == (401, "wrong_password")


async def test_a_guest_who_logs_out_is_out(crowd, edge, other_edge):
    ann = guest(edge, "ann")
    client = await ann.comes_in(crowd, other_edge)
    ann.does("POST", "/logout")
    assert await client.expect_close() == 4002
    assert client.close_reason == "logged out"


async def test_a_guest_whose_nick_went_to_another_is_told_so(own_server):
    """Who has a nick is forgotten with the server, and a token is not."""
    crowd = Crowd(own_server)
    away = guest(own_server.edge, "ann")
    await asyncio.to_thread(own_server.restart)
    other = Person(own_server.edge, away.user)
    other.token = other.does("POST", "/guest", {"nick": away.user})["token"]
    client = await other.comes_in(crowd)
    late = await away.comes_in(crowd)
    assert (await late.expect_close(), late.close_reason) == (4002, "nick taken")
    await client.join(unique("room"))
    await crowd.aclose()


async def test_a_guest_who_was_there_first_keeps_the_nick_over_a_restart(own_server):
    crowd = Crowd(own_server)
    ann = guest(own_server.edge, "ann")
    await asyncio.to_thread(own_server.restart)
    client = await ann.comes_in(crowd)
    await client.join(unique("room"))
    assert refused_as(ask_for(own_server.edge, ann.user)) == NAME_TAKEN
    await crowd.aclose()
