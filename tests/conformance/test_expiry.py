"""When a token's time is over, so are its sessions, wherever they are; a fresh token in time keeps them."""

import time

import pytest
from support import tokens
from support.people import account, guest
from support.waiting import eventually
from support.wsclient import unique

EXPIRED = 4001
BRIEF_S, LATER_S = 8, 15  # enough for all sessions to come in on a busy machine


@pytest.mark.parametrize("who", [account, guest])
async def test_all_sessions_of_a_token_end_with_it_on_all_edges(server, crowd, edge, who):
    person = who(edge)
    lasting = [await person.comes_in(crowd, each) for each in server.edges]
    person.token = tokens.altered(server, person.token, exp=int(time.time()) + BRIEF_S, jti=unique("brief"))
    sessions = [await person.comes_in(crowd, each, via=via) for each in server.edges for via in ("bearer", "cookie")]
    for each in server.edges:
        ticket = person.does("POST", "/ticket")["ticket"]
        sessions.append(await crowd.connect(edge=each, token="", via="the url", ticket=ticket))
    for session in sessions:
        assert await session.expect_close(within=BRIEF_S + LATER_S) == EXPIRED
        assert session.close_reason == "token expired"
    for session in lasting:
        await session.join(unique("room"))  # that of a longer token is not ended with it


async def test_a_session_that_is_refreshed_outlives_the_token_that_it_came_with(server, crowd, edge):
    alice, room = account(edge), unique("room")
    fresh = alice.token
    alice.token = tokens.altered(server, fresh, exp=int(time.time()) + BRIEF_S, jti=unique("brief"))
    left_alone = [await alice.comes_in(crowd, each) for each in server.edges]
    refreshed = [await alice.comes_in(crowd, each) for each in server.edges]
    for session in refreshed:
        await session.join(room)
        await session.send({"type": "refresh", "token": fresh})
        await session.expect("refreshed")
    for session in left_alone:
        assert await session.expect_close(within=BRIEF_S + LATER_S) == EXPIRED
    told = await refreshed[0].say(room, "still here, and over the same connection")
    for session in refreshed:
        await session.saw(room, id=told["id"])


async def test_a_session_is_ended_by_the_token_that_it_was_refreshed_with(server, crowd, edge):
    alice = account(edge)
    session = await alice.comes_in(crowd)
    brief = tokens.altered(server, alice.token, exp=int(time.time()) + BRIEF_S, jti=unique("brief"))
    await session.send({"type": "refresh", "token": brief})
    await session.expect("refreshed")
    assert await session.expect_close(within=BRIEF_S + LATER_S) == EXPIRED


async def test_a_session_is_not_refreshed_with_a_token_that_has_run_out(server, crowd, edge):
    alice = account(edge)
    session = await alice.comes_in(crowd)
    await session.send({"type": "refresh", "token": tokens.altered(server, alice.token, exp=int(time.time()) - 1)})
    await session.expect("error", code="bad_token")
    await session.join(unique("room"))
