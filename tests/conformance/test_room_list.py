"""The list of public rooms: whole, in order, page by page, the same at every edge."""

import pytest
from support.people import account, guest
from support.waiting import eventually, wait_until
from support.wsclient import unique


@pytest.fixture
def alice(edge):
    return account(edge)


def rooms_of(person, query, edge=None):
    return person.does("GET", f"/rooms?{query}", edge=edge)


def names_of(page):
    return [room["room"] for room in page["rooms"]]


def walk(person, query, limit, edge=None):
    """All rooms that a query finds, page after page."""
    found, after = [], ""
    while True:
        page = rooms_of(person, f"{query}&limit={limit}&after={after}", edge)
        found += names_of(page)
        assert len(page["rooms"]) == limit or not page["more"]
        if not page["more"]:
            return found
        after = found[-1]


def all_edges_list(server, person, stem, rooms):
    for edge in server.edges:
        wait_until(lambda: walk(person, f"q={stem}", 100, edge) == sorted(rooms), f"{edge.name} lists them all")


@pytest.mark.parametrize("limit", [1, 2, 7, 20, 100])
def test_pages_make_up_the_whole_list_in_the_order_of_the_names(server, alice, limit):
    stem = unique("paged")
    rooms = [alice.opens(f"{stem}-{n}") for n in (3, 1, 10, 7, 2, "a", "z", 5, "_", "0-0")]
    all_edges_list(server, alice, stem, rooms)
    for edge in server.edges:
        assert walk(alice, f"q={stem}", limit, edge) == sorted(rooms)


def test_a_page_begins_after_a_name_whether_or_not_that_room_is_there(server, alice):
    stem = unique("after")
    rooms = [alice.opens(f"{stem}-{n}") for n in "bdf"]
    all_edges_list(server, alice, stem, rooms)
    for after, rest in [("a", "bdf"), ("b", "df"), ("c", "df"), ("f", ""), ("g", "")]:
        assert names_of(rooms_of(alice, f"q={stem}&after={stem}-{after}")) == [f"{stem}-{n}" for n in rest]


def test_a_query_finds_names_and_titles_whatever_the_case(server, alice):
    word = unique("word").replace("-", "")
    by_name = alice.opens(f"a-{word}-b")
    by_title = alice.opens(title=f"About {word.upper()} things")
    for edge in server.edges:
        for query in (word, word.upper(), word[1:-1]):
            found = sorted([by_name, by_title])
            wait_until(lambda: names_of(rooms_of(alice, f"q={query}", edge)) == found, f"both are found by {query}")
    assert names_of(rooms_of(alice, f"q={word}{word}")) == []


def test_a_room_is_listed_with_what_anybody_may_know(alice, other_edge):
    room = alice.opens(title="Зал ✨")
    (listed,) = rooms_of(guest(other_edge), f"q={room}")["rooms"]
    assert listed == {"room": room, "title": "Зал ✨", "owner": alice.user, "members": 0, "created": listed["created"]}


async def test_the_members_of_all_edges_are_counted(server, crowd, alice):
    room = alice.opens()
    clients = [await guest(each).comes_in(crowd) for each in server.edges * 2]
    for client in clients:
        await client.join(room)

    def counted(count):
        return all(rooms_of(alice, f"q={room}", each)["rooms"][0]["members"] == count for each in server.edges)
    await eventually(lambda: counted(len(clients)), "all are counted at all edges")
    await clients.pop().close()
    await eventually(lambda: counted(len(clients)), "who left is not counted")


def test_a_room_leaves_the_list_when_it_is_deleted_or_made_private(server, alice):
    stem = unique("leaves")
    gone, hidden, stays = [alice.opens(f"{stem}-{n}") for n in "abc"]
    all_edges_list(server, alice, stem, [gone, hidden, stays])
    alice.does("DELETE", f"/rooms/{gone}")
    alice.does("PATCH", f"/rooms/{hidden}", {"password": "open sesame"})
    all_edges_list(server, alice, stem, [stays])
    alice.does("PATCH", f"/rooms/{hidden}", {"password": None})
    all_edges_list(server, alice, stem, [hidden, stays])


@pytest.mark.parametrize("query, code", [
    ("limit=0", "bad_frame"), ("limit=-1", "bad_frame"), ("limit=x", "bad_frame"), ("limit=1.5", "bad_frame"),
    ("after=Not-A-Room", "bad_room"), ("q=" + "x" * 65, "bad_frame"), ("q=%ff%fe", "bad_frame"), ("limit=%zz", "bad_frame"),
])
def test_a_question_that_is_none_is_refused(alice, query, code):
    assert alice.is_refused("GET", f"/rooms?{query}") == (400, code)


def test_a_limit_above_the_most_is_taken_as_the_most(alice):
    assert len(rooms_of(alice, "limit=1000")["rooms"]) <= 100


def test_a_name_that_a_room_has_is_taken_public_or_private(alice, other_edge):
    bob = account(other_edge, "bob")
    for fields in ({}, {"password": "open sesame"}):
        room = alice.opens(**fields)
        assert bob.is_refused("POST", "/rooms", {"room": room}) == (409, "name_taken")
        assert alice.is_refused("POST", "/rooms", {"room": room}) == (409, "name_taken")


@pytest.mark.parametrize("body, code", [
    ({}, "bad_frame"), ([], "bad_frame"), ({"room": 7}, "bad_frame"), ({"room": ""}, "bad_room"), ({"room": "A"}, "bad_room"),
    ({"room": "a" * 65}, "bad_room"), ({"room": "a b"}, "bad_room"),
])
def test_what_is_no_room_cannot_be_made(alice, body, code):
    assert alice.is_refused("POST", "/rooms", body) == (400, code)
