"""Tickets: good for one WebSocket, once, for half a minute, and for nothing else."""

import concurrent.futures
import time

import pytest
from support import tokens
from support.people import Person, account, guest
from support.waiting import wait_until
from support.wsclient import Refused, unique

UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
TAKEN, BAD_TOKEN = 101, (401, "bad_token")


def ticket_of(person, edge=None):
    return person.does("POST", "/ticket", edge=edge)["ticket"]


def enter(edge, ticket, **headers):
    """The answer to an upgrade with a ticket and no token."""
    return Person(edge, "").ask("GET", f"/ws?ticket={ticket}", headers=UPGRADE | headers)


def refusal(answer):
    return answer.status, answer.error_code


async def connect_with(crowd, edge, ticket):
    return await crowd.connect(edge=edge, token="", via="the url", ticket=ticket)


@pytest.mark.parametrize("who", [account, guest])
async def test_a_ticket_lets_its_owner_in_at_any_edge_and_into_the_rooms(crowd, edge, other_edge, who):
    person = who(edge)
    client = await connect_with(crowd, other_edge, ticket_of(person))
    assert client.user == person.user
    room = unique("room")
    await client.join(room)
    await client.say(room, "hi")


async def test_a_ticket_can_join_a_room_at_once(crowd, edge):
    room = unique("room")
    client = await crowd.connect(edge=edge, token="", via="the url", ticket=ticket_of(guest(edge)), room=room)
    await client.expect("joined", room=room)


async def test_the_second_use_is_refused_at_every_edge(server, crowd, edge, other_edge):
    ticket = ticket_of(account(edge))
    await connect_with(crowd, other_edge, ticket)
    for each in server.edges:
        assert refusal(enter(each, ticket)) == BAD_TOKEN


def test_of_many_uses_at_once_at_all_edges_one_is_taken(edge, other_edge):
    person = account(edge)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            ticket = ticket_of(person)
            answers = list(pool.map(lambda each: enter(each, ticket), [edge, other_edge] * 3))
            assert sorted(answer.status for answer in answers) == [TAKEN] + [401] * 5


def test_a_ticket_ends_with_its_token_at_the_latest(server, edge, other_edge):
    person = account(edge)
    person.token = tokens.altered(server, person.token, exp=int(time.time()) + 3)
    ticket = ticket_of(person)
    wait_until(lambda: person.ask("GET", "/me").status == 401, "the token has run out")
    assert refusal(enter(other_edge, ticket)) == BAD_TOKEN


def test_a_ticket_of_a_revoked_token_is_refused(server, edge):
    person = account(edge)
    tickets = [ticket_of(person) for _ in server.edges]
    person.does("POST", "/logout")
    for each, ticket in zip(server.edges, tickets):
        wait_until(lambda: person.ask("GET", "/me", edge=each).status == 401, "the token is revoked")
        assert refusal(enter(each, ticket)) == BAD_TOKEN


async def test_a_session_that_came_with_a_ticket_ends_with_its_token(crowd, edge, other_edge):
    person = account(edge)
    client = await connect_with(crowd, other_edge, ticket_of(person))
    person.does("POST", "/logout")
    assert await client.expect_close() == 4002
    assert client.close_reason == "logged out"


def test_a_forged_ticket_is_refused(edge):
    ticket = ticket_of(account(edge))
    other = "B" if ticket[len(ticket) // 2] == "A" else "A"
    forged = {
        "empty": "",
        "a word": "hello",
        "cut": ticket[:-1],
        "longer": ticket + "A",
        "changed": ticket[:len(ticket) // 2] + other + ticket[len(ticket) // 2 + 1:],
        "changed at the start": ("B" if ticket[0] == "A" else "A") + ticket[1:],
        "twice": ticket + ticket,
        "with dots": "a.b.c",
        "very long": "A" * 6000,
        "not base64": "%00%ff%20",
    }
    for kind, text in forged.items():
        assert refusal(enter(edge, text)) == BAD_TOKEN, kind
    assert enter(edge, ticket).status == TAKEN, "what was forged did not use it up"


def test_a_token_in_the_place_of_a_ticket_is_refused(edge):
    person = account(edge)
    assert refusal(enter(edge, person.token)) == BAD_TOKEN


@pytest.mark.parametrize("headers", [
    lambda ticket: {"Authorization": f"Bearer {ticket}"},
    lambda ticket: {"Cookie": f"token={ticket}"},
    lambda ticket: {"Sec-WebSocket-Protocol": f"roomcast.v1, bearer.{ticket}"},
], ids=["bearer", "cookie", "subprotocol"])
def test_a_ticket_in_the_place_of_a_token_is_refused(edge, headers):
    ticket = ticket_of(account(edge))
    nobody = Person(edge, "")
    assert nobody.is_refused("GET", "/ws", headers=UPGRADE | headers(ticket)) == BAD_TOKEN
    if "Sec-WebSocket-Protocol" not in headers(ticket):
        assert nobody.is_refused("GET", "/me", headers=headers(ticket)) == BAD_TOKEN


def test_a_ticket_counts_for_no_request_but_the_websocket(edge):
    nobody = Person(edge, "")
    for path in ("/me", "/rooms"):
        assert nobody.is_refused("GET", f"{path}?ticket={ticket_of(account(edge))}") == BAD_TOKEN


def test_a_page_of_another_origin_may_not_use_a_ticket(edge):
    ticket = ticket_of(account(edge))
    assert refusal(enter(edge, ticket, Origin="https://evil.example")) == (403, "forbidden")


async def test_a_refused_ticket_is_a_refusal_before_the_upgrade(crowd, edge):
    with pytest.raises(Refused) as refused:
        await connect_with(crowd, edge, "hello")
    assert refused.value.code == 401
