"""What is kept for somebody for a while, and not longer: a ticket for 30 s, a nick for a minute. The tests share the wait."""

import time

import pytest
from support.people import Person, account, guest
from support.waiting import wait_until

from test_tickets import BAD_TOKEN, TAKEN, enter, refusal, ticket_of

TICKET_S, NICK_S = 30, 60
LATER_S = 15  # on a busy machine


@pytest.fixture(scope="module")
def given_out(server):
    """A guest who never comes in, two tickets that are not used yet, and when they got them."""
    began = time.monotonic()
    ann, alice = guest(server.edge, "ann"), account(server.edge)
    return ann, [ticket_of(alice) for _ in range(2)], began


def wait_for_age(given_out, seconds):
    began = given_out[2]
    wait_until(lambda: time.monotonic() > began + seconds, f"{seconds} s have passed", within=seconds + LATER_S)


def test_a_ticket_that_is_20_s_old_is_taken(given_out, other_edge):
    wait_for_age(given_out, TICKET_S - 10)
    assert enter(other_edge, given_out[1][0]).status == TAKEN


def test_a_ticket_that_is_30_s_old_is_refused_though_it_was_not_used(given_out, other_edge):
    wait_for_age(given_out, TICKET_S + 2)
    assert refusal(enter(other_edge, given_out[1][1])) == BAD_TOKEN


def test_a_nick_whose_guest_never_came_is_free_after_a_minute_and_not_before(given_out, other_edge):
    ann, _, began = given_out
    asker = Person(other_edge, ann.user)

    def is_free():
        answer = asker.ask("POST", "/guest", {"nick": ann.user})
        assert answer.status == 200 or answer.error_code == "name_taken"
        return answer.status == 200
    wait_until(is_free, "the nick is free", within=began + NICK_S + LATER_S - time.monotonic())
    assert time.monotonic() - began > NICK_S - 1
