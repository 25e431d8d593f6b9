"""What passwords cost the server: as much for who is not there as for who is, and never more than a queue holds."""

import concurrent.futures

import pytest
from support.https import request
from support.metrics import Counted, value_of
from support.people import Person, account, guest
from support.servers import LocalServer
from support.waiting import wait_until
from support.wsclient import Crowd, Refused, unique

QUEUE = 64
SLOW = ["--bcrypt-cost", 9, "--hash-threads", 1]  # some 30 ms each, and more on a busy machine
SECRET = "open sesame"


@pytest.fixture(scope="module")
def own_server():
    with LocalServer(extra_flags=SLOW) as server:
        yield server


@pytest.fixture
def visitors(own_server):
    return Crowd(own_server)


@pytest.fixture
def checks(own_server):
    """How many passwords bcrypt has checked since the test began, once it has caught up with what came before."""
    edge = own_server.edge
    wait_until(lambda: value_of(edge, "roomcast_passwords_queued") == 0, "no password waits", within=60)
    settle = Counted(edge, "roomcast_password_checks_total")
    Person(edge, "").ask("POST", "/login", {"user": unique("nobody"), "password": "a guess"})
    wait_until(lambda: settle() >= 1, "the one that is awaited is counted")
    return Counted(edge, "roomcast_password_checks_total")


def log_in(edge, user, password):
    return Person(edge, user).ask("POST", "/login", {"user": user, "password": password})


@pytest.mark.parametrize("guess", ["a guess", "x" * 73, "half\0way"])
def test_a_name_that_nobody_has_costs_the_same_work_as_a_wrong_password(own_server, checks, guess):
    edge = own_server.edge
    alice = account(edge)  # whose login is the first check
    for count, name in enumerate([alice.user, unique("nobody"), alice.user, unique("nobody"), "no\nbody"], start=2):
        assert log_in(edge, name, guess).error_code == "wrong_password"
        wait_until(lambda: checks() >= count, f"bcrypt has worked for {name!r}")
        assert checks() == count


async def test_a_room_that_is_not_there_costs_the_same_work_as_a_wrong_password(own_server, visitors, checks):
    owner = account(own_server.edge)
    rooms = [owner.opens(password=SECRET), unique("missing")]
    client, count = await guest(own_server.edge).comes_in(visitors), 1  # the owner's login
    for room in rooms * 2:
        with pytest.raises(Refused):
            await client.join(room, password="a guess")
        count += 1
        wait_until(lambda: checks() >= count, "bcrypt has worked for the frame")
        assert guest(own_server.edge).is_refused("GET", f"/rooms/{room}", room_password="a guess") == (404, "no_such_room")
        count += 1
        wait_until(lambda: checks() >= count, "bcrypt has worked for the request")
        assert checks() == count


def test_more_logins_than_the_queue_holds_are_told_that_it_is_busy(own_server):
    edge = own_server.edge
    refused, waiting = Counted(edge, "roomcast_passwords_refused_total"), Counted(edge, "roomcast_passwords_queued")
    alice = account(edge)
    with concurrent.futures.ThreadPoolExecutor(3 * QUEUE) as pool:
        tries = [pool.submit(log_in, edge, unique("nobody"), "a guess") for _ in range(3 * QUEUE)]
        wait_until(lambda: waiting() > QUEUE / 2, "the queue fills")
        assert request(edge, "GET", "/config").status == 200
        assert alice.ask("GET", "/me").status == 200, "what needs no password goes on"
        answers = [each.result() for each in tries]
    busy = [answer for answer in answers if answer.status == 503]
    assert busy
    assert QUEUE <= len(answers) - len(busy)
    for answer in busy:
        assert (answer.error_code, answer.json["error"]["retry_after_ms"], answer.headers["Retry-After"]) == ("busy", 500, "1")
    assert {answer.error_code for answer in answers} == {"busy", "wrong_password"}
    wait_until(lambda: refused() == len(busy), "they are in the metrics")
    assert log_in(edge, alice.user, "correct horse").status == 200, "and later there is room again"
