"""What an operator limits and switches off. Each server here has low limits or switches of its own."""

import asyncio

import pytest
from support.https import request
from support.metrics import Counted
from support.people import PASSWORD, Person, account, guest
from support.servers import LocalServer
from support.waiting import eventually, wait_until
from support.wsclient import Crowd, Refused, unique

FORBIDDEN = (403, "forbidden")
BURST_S = 5
SESSION, USER, ADDRESS, ROOM, REQUEST = 2, 4, 8, 12, 4  # a second; each is reached without the ones before
LOW_RATES = ["--session-rate", SESSION, "--user-rate", USER, "--address-rate", ADDRESS, "--room-rate", ROOM,
             "--request-rate", REQUEST]
UNTRUSTED_PROXY = ["--trusted-proxies", "192.0.2.1", "--request-rate", REQUEST]  # the tests are at 127.0.0.1
NO_GUESTS = ["--guests", "off", "--rooms-by-join", "off"]
NO_REGISTRATION = ["--registration", "off"]
NO_ROOMS_BY_GUESTS = ["--guests-create", "off", "--allowed-origins", "https://friend.example"]


@pytest.fixture(scope="module")
def own_server(request):
    with LocalServer(extra_flags=request.param) as server:
        yield server


@pytest.fixture
def visitors(own_server):
    return Crowd(own_server)


def with_flags(flags):
    return pytest.mark.parametrize("own_server", [flags], indirect=True, ids=[" ".join(str(flag) for flag in flags)])


async def say_at_once(clients, room, count):
    """Each says so many: how many were acked, and the refusals."""
    futures = [await client.start_request(type="message", room=room, text=str(n)) for n in range(count) for client in clients]
    answers = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert all(refusal.code == "rate_limited" for refusal in refusals), refusals
    assert all(0 < refusal.retry_after_ms <= 60_000 for refusal in refusals)
    return len(answers) - len(refusals), refusals


def counted(server, limit):
    return Counted(server.edge, "roomcast_rate_limited_total", limit=limit)


async def talkers(visitors, people, room):
    clients = [await person.comes_in(visitors) for person in people]
    for client in clients:
        await client.join(room)
    return clients


async def kept(client, room):
    return len((await client.history(room, limit=200))["messages"])


@with_flags(LOW_RATES)
async def test_a_session_that_says_too_much_is_told_to_wait_and_goes_on(own_server, visitors):
    room, told_to_wait = unique("room"), counted(own_server, "session")
    (client,) = await talkers(visitors, [guest(own_server.edge)], room)
    acked, refusals = await say_at_once([client], room, 4 * SESSION * BURST_S)
    assert acked >= SESSION * BURST_S
    assert refusals
    await eventually(lambda: told_to_wait() >= len(refusals), "they are in the metrics")
    assert await kept(client, room) == acked, "what was refused was not kept"

    async def taken():
        try:
            return await client.say(room, "again")
        except Refused:
            return None
    await eventually(taken, "a message is taken again")


@with_flags(LOW_RATES)
async def test_a_user_says_no_more_by_having_many_sessions_at_many_addresses(own_server, visitors):
    room, user, told_to_wait = unique("room"), guest(own_server.edge), counted(own_server, "user")
    each = SESSION * BURST_S - 2
    sessions = [Person(own_server.edge, user.user, user.token) for _ in range(8)]
    clients = await talkers(visitors, sessions, room)
    acked, refusals = await say_at_once(clients, room, each)
    assert USER * BURST_S <= acked < 8 * each
    assert refusals
    await eventually(lambda: told_to_wait() >= len(refusals), "they are in the metrics")
    assert await kept(clients[0], room) == acked


@with_flags(LOW_RATES)
async def test_an_address_says_no_more_by_being_many_users_in_many_rooms(own_server, visitors):
    people, told_to_wait = [guest(own_server.edge) for _ in range(12)], counted(own_server, "address")
    each = SESSION * BURST_S - 2
    same = [Person(own_server.edge, person.user, person.token, people[0].address) for person in people]
    clients = [(await talkers(visitors, [person], unique("room")))[0] for person in same]
    told = await asyncio.gather(*(say_at_once([client], next(iter(client.logs)), each) for client in clients))
    acked = sum(count for count, _ in told)
    assert ADDRESS * BURST_S <= acked < len(clients) * each
    await eventually(lambda: told_to_wait() >= len(clients) * each - acked, "they are in the metrics")
    room = unique("room")
    (elsewhere,) = await talkers(visitors, [guest(own_server.edge)], room)
    await elsewhere.say(room, "not our address")


@with_flags(LOW_RATES)
async def test_a_room_takes_no_more_from_many_users_at_many_addresses(own_server, visitors):
    room, told_to_wait = unique("room"), counted(own_server, "room")
    clients = await talkers(visitors, [guest(own_server.edge) for _ in range(20)], room)
    each = SESSION * BURST_S - 2
    acked, refusals = await say_at_once(clients, room, each)
    assert ROOM * BURST_S <= acked < len(clients) * each
    await eventually(lambda: told_to_wait() >= len(refusals), "they are in the metrics")
    assert await kept(clients[0], room) == acked
    other = unique("room")
    await clients[0].join(other)
    await clients[0].say(other, "another room")


@with_flags(LOW_RATES)
async def test_messages_by_http_count_like_those_by_frames(own_server, visitors):
    room, person = unique("room"), guest(own_server.edge)
    sessions = [Person(own_server.edge, person.user, person.token) for _ in range(10)]
    clients = await talkers(visitors, sessions, room)
    futures = [await client.start_request(type="message", room=room, text=str(n)) for n in range(8) for client in clients]
    answer = person.ask("POST", f"/rooms/{room}/messages", {"text": "one more"})
    assert (answer.status, answer.error_code) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) * 1000 >= answer.json["error"]["retry_after_ms"] > 0
    await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 20)


@with_flags(LOW_RATES)
def test_an_address_that_asks_too_much_is_told_to_wait_and_others_are_not(own_server):
    person, told_to_wait = guest(own_server.edge), counted(own_server, "requests")
    answers = [person.ask("GET", "/me") for _ in range(3 * REQUEST * BURST_S)]
    refused = [answer for answer in answers if answer.status != 200]
    assert len(answers) - len(refused) >= REQUEST * BURST_S - 1
    assert refused
    for answer in refused:
        assert (answer.status, answer.error_code) == (429, "rate_limited")
        assert int(answer.headers["Retry-After"]) * 1000 >= answer.json["error"]["retry_after_ms"] > 0
    assert Person(own_server.edge, person.user, person.token).ask("GET", "/me").status == 200, "from elsewhere"
    wait_until(lambda: person.ask("GET", "/me").status == 200, "a request is taken again")
    wait_until(lambda: told_to_wait() >= len(refused), "they are in the metrics")


@with_flags(UNTRUSTED_PROXY)
def test_who_is_no_trusted_proxy_speaks_for_nobody_but_itself(own_server):
    """Each Person names another address, but they all are at ours."""
    people = [guest(own_server.edge) for _ in range(8)]
    each = REQUEST * BURST_S // 2  # which none of them would be refused alone
    answers = [person.ask("GET", "/me") for _ in range(each) for person in people]
    assert {answer.status for answer in answers} == {200, 429}


@with_flags(LOW_RATES)
def test_the_health_is_told_however_often_it_is_asked(own_server):
    for _ in range(3 * REQUEST * BURST_S):
        assert request(own_server.edge, "GET", "/healthz").status == 200


async def no_such_room(client, room):
    with pytest.raises(Refused) as refusal:
        await client.join(room)
    return refusal.value.code == "no_such_room"


def config_of(server):
    return request(server.edge, "GET", "/config").json


@with_flags(NO_GUESTS)
def test_where_guests_are_off_nobody_comes_in_without_an_account(own_server):
    assert Person(own_server.edge, "ann").is_refused("POST", "/guest", {"nick": "ann"}) == FORBIDDEN
    assert account(own_server.edge).ask("GET", "/me").status == 200
    assert config_of(own_server)["guests"] is False


@with_flags(NO_GUESTS)
async def test_where_joining_makes_no_rooms_they_are_made_by_asking(own_server, visitors):
    alice, room = account(own_server.edge), unique("room")
    client = await alice.comes_in(visitors)
    assert await no_such_room(client, room)
    by_query = await alice.comes_in(visitors, room=room)
    await by_query.expect("error", room=room, code="no_such_room")
    assert alice.is_refused("GET", f"/rooms/{room}") == (404, "no_such_room")
    alice.opens(room)
    assert (await client.join(room))["owner"] == alice.user
    assert config_of(own_server)["rooms_by_join"] is False


@with_flags(NO_REGISTRATION)
def test_where_registration_is_off_nobody_registers_and_guests_come_in(own_server):
    body = {"user": unique("alice"), "password": PASSWORD}
    assert Person(own_server.edge, "").is_refused("POST", "/register", body) == FORBIDDEN
    assert guest(own_server.edge).ask("GET", "/me").status == 200
    assert config_of(own_server)["registration"] is False


@with_flags(NO_ROOMS_BY_GUESTS)
async def test_where_guests_make_no_rooms_accounts_do(own_server, visitors):
    ann, alice, room = guest(own_server.edge), account(own_server.edge), unique("room")
    client = await ann.comes_in(visitors)
    assert await no_such_room(client, room)
    assert ann.is_refused("POST", "/rooms", {"room": room}) == FORBIDDEN
    assert (await (await alice.comes_in(visitors)).join(room))["owner"] == alice.user
    await client.join(room)
    assert config_of(own_server)["guests_create"] is False


@with_flags(NO_ROOMS_BY_GUESTS)
async def test_an_origin_that_the_operator_allowed_may_and_others_may_not(own_server):
    alice, edge = account(own_server.edge), own_server.edge
    for origin, status in [("https://friend.example", 200), (edge.url, 200), ("https://evil.example", 403), ("null", 403),
                           ("https://friend.example.evil.example", 403), ("http://friend.example", 403),
                           ("https://friend.example:8443", 403), ("https://friend.exampl", 403), ("", 403)]:
        for path in ("/me", "/rooms"):
            answer = alice.ask("GET", path, headers={"Origin": origin})
            assert answer.status == status, (origin, path)
        if status == 403:
            assert answer.error_code == "forbidden"


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/guest", {"nick": "ann"}), ("POST", "/login", {"user": "ann", "password": "a"}),
    ("POST", "/register", {"user": "ann", "password": "a"}), ("POST", "/logout", None), ("POST", "/ticket", None),
    ("POST", "/refresh", None), ("DELETE", "/me", {"password": PASSWORD}), ("POST", "/rooms", {"room": "evil"}),
    ("GET", "/rooms", None),
])
def test_a_page_of_another_origin_may_do_nothing_with_the_cookie(edge, method, path, body):
    alice = account(edge)
    token, alice.token = alice.token, None
    headers = {"Cookie": f"token={token}", "Origin": "https://evil.example"}
    assert alice.is_refused(method, path, body, headers=headers) == FORBIDDEN
