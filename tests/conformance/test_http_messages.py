"""A room's messages over HTTP: the same as by frames, sent and read."""

import concurrent.futures

import pytest
from support.people import account, guest
from support.wsclient import unique


@pytest.fixture
def alice(edge):
    return account(edge)


def say(person, room, text, **more):
    return person.does("POST", f"/rooms/{room}/messages", {"text": text}, **more)


async def test_a_message_by_http_is_shown_to_those_who_are_in(server, crowd, alice):
    room = alice.opens()
    clients = [await guest(each).comes_in(crowd) for each in server.edges]
    for client in clients:
        await client.join(room)
    answer = alice.ask("POST", f"/rooms/{room}/messages", {"text": "привет ✨"})
    assert answer.status == 201
    assert (answer.json["room"], set(answer.json)) == (room, {"id", "room", "seq"})
    for client in clients:
        (seen,) = (await client.saw(room, id=answer.json["id"])).seen
        assert (seen.seq, seen.user, seen.text) == (answer.json["seq"], alice.user, "привет ✨")


async def test_messages_by_http_and_by_frames_are_one_story(server, crowd, alice, other_edge):
    room = alice.opens()
    client = await alice.comes_in(crowd, other_edge)
    await client.join(room)
    said = []
    for n in range(6):
        said.append((await client.say(room, f"frame {n}"))["seq"])
        said.append(say(alice, room, f"http {n}")["seq"])
    assert said == sorted(said)
    log = await client.saw(room, count=12)
    assert log.seqs == said
    for each in server.edges:
        page = alice.does("GET", f"/rooms/{room}/messages", edge=each)
        assert [(message["seq"], message["id"]) for message in page["messages"]] == log.pairs


@pytest.mark.parametrize("question", [
    {}, {"limit": 3}, {"limit": 1000}, {"before": 5}, {"before": 5, "limit": 2}, {"before": 0}, {"after": -1, "limit": 4},
    {"after": 5}, {"after": 10 ** 6}, {"from_time": "2020-01-01T00:00:00Z", "limit": 2}, {"from_time": "2100-01-01T00:00:00Z"},
], ids=str)
async def test_a_page_by_http_is_the_page_by_frame(crowd, alice, other_edge, question):
    room = alice.opens()
    for n in range(10):
        say(alice, room, f"message {n}")
    client = await alice.comes_in(crowd, other_edge)
    joined = await client.join(room)
    frame = await client.history(room, **question)
    query = "&".join(f"{name}={value}" for name, value in question.items())
    page = alice.does("GET", f"/rooms/{room}/messages?{query}")
    assert page == {"room": room, "epoch": joined["epoch"], "messages": frame["messages"], "more": frame["more"]}


@pytest.mark.parametrize("query", ["before=1&after=1", "before=1&from_time=2020-01-01T00:00:00Z", "before=x", "before=-2",
                                   "limit=0", "limit=-1", "limit=x", "from_time=yesterday", "after=99999999999999999999"])
def test_a_question_that_is_none_is_refused(alice, query):
    room = alice.opens()
    assert alice.is_refused("GET", f"/rooms/{room}/messages?{query}") == (400, "bad_frame")


@pytest.mark.parametrize("body, status", [
    ({}, (400, "bad_frame")),
    ({"text": 7}, (400, "bad_frame")),
    ([], (400, "bad_frame")),
    ({"text": "hi", "id": 7}, (400, "bad_frame")),
    ({"text": "hi", "id": ""}, (400, "bad_id")),
    ({"text": "hi", "id": "a b"}, (400, "bad_id")),
    ({"text": "hi", "id": "x" * 65}, (400, "bad_id")),
    ({"text": "x" * 16385}, (413, "text_too_long")),
    ({"text": "ж" * 8193}, (413, "text_too_long")),
])
def test_a_message_that_is_none_is_refused_and_not_kept(alice, body, status):
    room = alice.opens()
    assert alice.is_refused("POST", f"/rooms/{room}/messages", body) == status
    assert alice.does("GET", f"/rooms/{room}/messages")["messages"] == []


@pytest.mark.parametrize("text", ["", "x" * 16384, "ж" * 8192, "\0", "a\nb"],
                         ids=["empty", "long", "long in bytes", "zero", "lines"])
def test_any_text_that_a_frame_may_have_is_taken(alice, text):
    room = alice.opens()
    say(alice, room, text)
    assert [message["text"] for message in alice.does("GET", f"/rooms/{room}/messages")["messages"]] == [text]


@pytest.mark.parametrize("room", ["Not-A-Room", "a%20b", "x" * 65])
def test_what_is_no_room_has_no_messages(alice, room):
    assert alice.is_refused("GET", f"/rooms/{room}/messages") == (400, "bad_room")
    assert alice.is_refused("POST", f"/rooms/{room}/messages", {"text": "hi"}) == (400, "bad_room")


def test_a_message_to_a_room_that_is_not_there_does_not_make_it(alice, other_edge):
    room = unique("missing")
    assert alice.is_refused("POST", f"/rooms/{room}/messages", {"text": "hi"}) == (404, "no_such_room")
    assert alice.is_refused("GET", f"/rooms/{room}/messages") == (404, "no_such_room")
    assert alice.is_refused("GET", f"/rooms/{room}", edge=other_edge) == (404, "no_such_room")


@pytest.mark.parametrize("by", ["id", "Idempotency-Key"])
async def test_a_message_that_is_sent_again_is_kept_once(server, crowd, alice, by):
    room, id = alice.opens(), unique("again")
    client = await alice.comes_in(crowd)
    await client.join(room)
    body, headers = ({"text": "once", "id": id}, {}) if by == "id" else ({"text": "once"}, {by: id})
    path = f"/rooms/{room}/messages"
    answers = [alice.does("POST", path, body, headers=headers, edge=each) for each in server.edges * 3]
    assert answers == [answers[0]] * len(answers)
    assert answers[0]["id"] == id
    last = await client.say(room, "last")
    assert (await client.saw(room, id=last["id"])).texts == ["once", "last"]


async def test_an_id_is_the_same_by_http_and_by_frame(crowd, alice, other_edge):
    room, id = alice.opens(), unique("both")
    client = await alice.comes_in(crowd, other_edge)
    await client.join(room)
    first = await client.say(room, "hi", id=id)
    again = alice.does("POST", f"/rooms/{room}/messages", {"text": "hi", "id": id})
    assert again["seq"] == first["seq"]
    assert len(alice.does("GET", f"/rooms/{room}/messages")["messages"]) == 1


def test_the_id_in_the_body_goes_before_the_header(alice):
    room = alice.opens()
    body, headers = {"text": "hi", "id": "inside"}, {"Idempotency-Key": "outside"}
    assert alice.does("POST", f"/rooms/{room}/messages", body, headers=headers)["id"] == "inside"


def test_the_same_id_of_two_people_is_two_messages(alice, other_edge):
    room, bob = alice.opens(), account(other_edge, "bob")
    seqs = {person.does("POST", f"/rooms/{room}/messages", {"text": "hi", "id": "one"})["seq"] for person in (alice, bob)}
    assert len(seqs) == 2


def test_messages_at_once_at_all_edges_are_all_kept_once(server, alice):
    room = alice.opens()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: say(alice, room, str(n), edge=server.edges[n % len(server.edges)]), range(40)))
    page = alice.does("GET", f"/rooms/{room}/messages?limit=200")
    assert sorted((each["seq"], each["id"]) for each in said) == [(each["seq"], each["id"]) for each in page["messages"]]


async def test_who_sends_by_http_is_not_in_the_room(crowd, alice, other_edge):
    room = alice.opens()
    client = await guest(other_edge).comes_in(crowd)
    await client.join(room)
    said = say(alice, room, "in and out")
    await client.saw(room, id=said["id"])
    people = await client.request(type="members", room=room)
    assert [person["user"] for person in people["members"]] == [client.user]
    assert alice.does("GET", f"/rooms/{room}")["members"] == 1


def test_head_is_get_without_the_body(alice):
    room = alice.opens()
    say(alice, room, "hi")
    for path in (f"/rooms/{room}/messages", f"/rooms/{room}", "/rooms", "/me"):
        head, get = alice.ask("HEAD", path), alice.ask("GET", path)
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(get.body)))
        assert get.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method, path, allowed", [
    ("PUT", "/messages", "GET, HEAD, POST"), ("DELETE", "/messages", "GET, HEAD, POST"), ("GET", "/messages/1", "DELETE"),
    ("POST", "", "GET, HEAD, PATCH, DELETE"), ("GET", "/kick", "POST"), ("POST", "/bans", "GET, HEAD"),
    ("GET", "/bans/a", "PUT, DELETE"),
])
def test_a_method_that_a_room_does_not_have_is_405(alice, method, path, allowed):
    answer = alice.ask(method, f"/rooms/{alice.opens()}{path}")
    assert (answer.status, answer.error_code, answer.headers["Allow"]) == (405, "method_not_allowed", allowed)
