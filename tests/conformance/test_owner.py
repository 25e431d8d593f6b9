"""What a room's owner can do to it and to those in it, and nobody else can."""

import concurrent.futures
import urllib.parse

import pytest
from support.people import Person, account, guest
from support.waiting import eventually
from support.wsclient import Refused, unique

FORBIDDEN = (403, "forbidden")
BANS = 500


@pytest.fixture
def owner(edge):
    return account(edge, "owner")


async def code_of_join(client, room):
    with pytest.raises(Refused) as refusal:
        await client.join(room)
    return refusal.value.code


def texts_of(answer):
    return [message["text"] for message in answer["messages"]]


async def test_who_joins_a_new_room_first_owns_it_unless_a_guest(crowd, edge, other_edge, owner):
    room, guests_room = unique("room"), unique("room")
    first = await owner.comes_in(crowd)
    assert (await first.join(room))["owner"] == owner.user
    visitor = guest(other_edge)
    client = await visitor.comes_in(crowd)
    assert "owner" not in await client.join(guests_room)
    assert "owner" not in await first.join(guests_room)
    for person in (visitor, owner):
        assert person.does("GET", f"/rooms/{guests_room}")["owner"] is None
        assert person.is_refused("PATCH", f"/rooms/{guests_room}", {"title": "mine"}) == FORBIDDEN


async def test_a_new_title_is_told_to_all_who_are_in(server, crowd, owner):
    room = owner.opens(title="The old title")
    clients = [await guest(each).comes_in(crowd) for each in server.edges]
    for client in clients:
        assert (await client.join(room))["title"] == "The old title"
    assert owner.does("PATCH", f"/rooms/{room}", {"title": "Зал ✨"})["title"] == "Зал ✨"
    for client in clients:
        told = await client.expect("room", room=room)
        assert (told["title"], told["owner"], told["private"]) == ("Зал ✨", owner.user, False)


@pytest.mark.parametrize("change, status", [
    ({"title": "a" * 4096}, (413, "too_large")),
    ({"title": "two\nlines"}, (400, "bad_frame")),
    ({"title": 7}, (400, "bad_frame")),
    ({"retention_s": 0}, (400, "bad_frame")),
    ({"retention_s": -1}, (400, "bad_frame")),
    ({"retention_s": 2 ** 64}, (400, "bad_frame")),
    ({"retention_s": 1.5}, (400, "bad_frame")),
    ({"retention_s": "1"}, (400, "bad_frame")),
    ({"owner": 7}, (400, "bad_frame")),
    ({"owner": ""}, (400, "bad_nick")),
    ({"password": 7}, (400, "bad_frame")),
])
def test_what_is_no_change_changes_nothing(owner, change, status):
    room = owner.opens(title="as it was")
    before = owner.does("GET", f"/rooms/{room}")
    assert owner.is_refused("PATCH", f"/rooms/{room}", change) == status
    assert owner.does("GET", f"/rooms/{room}") == before


def test_retention_is_set_and_given_back_to_the_operator(owner, other_edge):
    room = owner.opens(retention_s=86400)
    assert owner.does("GET", f"/rooms/{room}", edge=other_edge)["retention_s"] == 86400
    assert owner.does("PATCH", f"/rooms/{room}", {"retention_s": 7200})["retention_s"] == 7200
    assert owner.does("PATCH", f"/rooms/{room}", {"title": "another"})["retention_s"] == 7200
    assert owner.does("PATCH", f"/rooms/{room}", {"retention_s": None})["retention_s"] is None
    assert owner.does("GET", f"/rooms/{room}", edge=other_edge)["retention_s"] is None


async def test_a_room_is_handed_over_to_another_account(crowd, owner, other_edge):
    room, heir = owner.opens(), account(other_edge, "heir")
    client = await guest(other_edge).comes_in(crowd)
    await client.join(room)
    assert owner.does("PATCH", f"/rooms/{room}", {"owner": heir.user.upper()})["you_own"] is False
    assert (await client.expect("room", room=room))["owner"] == heir.user
    assert heir.does("GET", f"/rooms/{room}")["you_own"] is True
    assert owner.is_refused("PATCH", f"/rooms/{room}", {"title": "still mine"}) == FORBIDDEN
    heir.does("PATCH", f"/rooms/{room}", {"title": "mine now"})


def test_a_room_is_not_handed_over_to_a_guest_or_to_nobody(owner, other_edge):
    room = owner.opens()
    for name in (guest(other_edge).user, unique("nobody")):
        assert owner.is_refused("PATCH", f"/rooms/{room}", {"owner": name}) == (404, "not_found")
    assert owner.does("GET", f"/rooms/{room}")["you_own"] is True


async def test_who_is_kicked_is_out_at_all_edges_and_may_come_back(server, crowd, owner):
    room, rowdy = owner.opens(), account(server.edge, "rowdy")
    sessions = [await rowdy.comes_in(crowd, each) for each in server.edges]
    witness = await owner.comes_in(crowd)
    await witness.join(room)
    for session in sessions:
        await session.join(room)
    assert owner.ask("POST", f"/rooms/{room}/kick", {"user": rowdy.user.upper()}).status == 204
    for session in sessions:
        await session.expect("left", room=room, reason="kicked")
    await witness.say(room, "gone")
    for session in sessions:
        assert texts_of(await session.join(room)) == ["gone"]
        assert session.log(room).texts == ["gone"]


@pytest.mark.parametrize("alike", [str.upper, str.lower, str.title], ids=lambda alike: alike.__name__)
async def test_who_is_banned_is_out_however_the_name_is_written_until_the_ban_ends(server, crowd, owner, alike):
    room, rowdy = owner.opens(), Person(server.edge, unique("Łобзик Straße"))
    rowdy.token = rowdy.does("POST", "/guest", {"nick": rowdy.user})["token"]
    sessions = [await rowdy.comes_in(crowd, each) for each in server.edges]
    for session in sessions:
        await session.join(room)
    ban = f"/rooms/{room}/bans/{urllib.parse.quote(alike(rowdy.user))}"
    assert owner.ask("PUT", ban).status == 204
    assert owner.ask("PUT", ban).status == 204, "again"
    assert len(owner.does("GET", f"/rooms/{room}/bans")["bans"]) == 1
    for session in sessions:
        await session.expect("left", room=room, reason="banned")
        assert await code_of_join(session, room) == "banned"
    for method, path, body in [("GET", "", None), ("GET", "/messages", None), ("POST", "/messages", {"text": "hi"})]:
        assert rowdy.is_refused(method, f"/rooms/{room}{path}", body) == (403, "banned")
    assert owner.ask("DELETE", ban).status == 204
    assert owner.does("GET", f"/rooms/{room}/bans")["bans"] == []
    for session in sessions:
        await session.join(room)


def test_the_owner_cannot_be_banned_by_themselves(owner):
    room = owner.opens()
    assert owner.is_refused("PUT", f"/rooms/{room}/bans/{owner.user.upper()}") == FORBIDDEN


def test_a_room_has_500_bans_at_most(edge, owner):
    room = owner.opens()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: owner.ask("PUT", f"/rooms/{room}/bans/rowdy-{n}"), range(BANS)))
    again = [n for n, answer in enumerate(answers) if answer.status == 503]  # busy: the room is being changed
    for n in again:
        owner.does("PUT", f"/rooms/{room}/bans/rowdy-{n}")
    assert {answer.status for answer in answers} <= {204, 503}
    assert len(owner.does("GET", f"/rooms/{room}/bans")["bans"]) == BANS
    assert owner.is_refused("PUT", f"/rooms/{room}/bans/one-more") == (413, "too_large")
    owner.does("PUT", f"/rooms/{room}/bans/rowdy-0")  # who is banned already may be banned again
    owner.does("DELETE", f"/rooms/{room}/bans/rowdy-0")
    owner.does("PUT", f"/rooms/{room}/bans/one-more")


async def test_a_ban_holds_for_who_comes_by_the_query_of_the_url(crowd, owner, other_edge):
    room, rowdy = owner.opens(), guest(other_edge)
    owner.does("PUT", f"/rooms/{room}/bans/{rowdy.user}")
    client = await rowdy.comes_in(crowd, room=room)
    await client.expect("error", room=room, code="banned")


@pytest.mark.parametrize("method, path, body", [
    ("PATCH", "", {"title": "mine"}),
    ("PATCH", "", {"owner": "me"}),
    ("PATCH", "", {"password": "mine"}),
    ("PATCH", "", {}),
    ("DELETE", "", None),
    ("POST", "/kick", {"user": "somebody"}),
    ("GET", "/bans", None),
    ("PUT", "/bans/somebody", None),
    ("DELETE", "/bans/somebody", None),
    ("DELETE", "/messages/0", None),
])
def test_nobody_else_may(owner, other_edge, method, path, body):
    room = owner.opens()
    owner.does("POST", f"/rooms/{room}/messages", {"text": "stays"})
    stranger = account(other_edge, "stranger")
    if body == {"owner": "me"}:
        body = {"owner": stranger.user}
    for person in (stranger, guest(other_edge)):
        assert person.is_refused(method, f"/rooms/{room}{path}", body) == FORBIDDEN
    assert texts_of(owner.does("GET", f"/rooms/{room}/messages")) == ["stays"]


async def test_a_deleted_message_is_hidden_from_those_who_saw_it(server, crowd, owner):
    room = owner.opens()
    clients = [await guest(each).comes_in(crowd) for each in server.edges]
    for client in clients:
        await client.join(room)
    bad = await clients[0].say(room, "regrettable")
    assert owner.ask("DELETE", f"/rooms/{room}/messages/{bad['seq']}").status == 204
    for client in clients:
        told = await client.take(lambda frame: "deletes" in frame, "deletion")
        assert (told["type"], told["deletes"], told["user"], told["text"]) == ("message", bad["seq"], owner.user, "")
        assert told["seq"] > bad["seq"]


async def test_a_deleted_message_is_nowhere_in_what_is_read_later(server, crowd, owner):
    room = owner.opens()
    away = await guest(server.edges[-1]).comes_in(crowd)
    start = await away.join(room)
    await away.leave(room)
    said = [owner.does("POST", f"/rooms/{room}/messages", {"text": text}) for text in ("one", "regrettable", "three")]
    owner.does("DELETE", f"/rooms/{room}/messages/{said[1]['seq']}")
    kept = ["one", "three"]

    def shown(answer):
        assert said[1]["seq"] not in [message["seq"] for message in answer["messages"]]
        return [message["text"] for message in answer["messages"] if "deletes" not in message]

    for edge in server.edges:
        assert shown(owner.does("GET", f"/rooms/{room}/messages", edge=edge)) == kept
        assert shown(owner.does("GET", f"/rooms/{room}/messages?after=-1", edge=edge)) == kept
        newcomer = await guest(edge).comes_in(crowd)
        assert shown(await newcomer.join(room)) == kept
        assert shown(await newcomer.history(room)) == kept
        assert shown(await newcomer.history(room, after=-1)) == kept
        assert shown(await newcomer.history(room, before=said[2]["seq"])) == ["one"]
    resumed = await away.join(room, since=start["last"], epoch=start["epoch"])
    assert resumed["recovered"] is True
    assert shown(resumed) == kept
    assert owner.ask("DELETE", f"/rooms/{room}/messages/{said[1]['seq']}").status == 204, "again"


@pytest.mark.parametrize("seq, status", [("99999", (404, "not_found")), ("-1", (400, "bad_frame")), ("one", (400, "bad_frame")),
                                         ("9" * 30, (400, "bad_frame")), ("1.5", (400, "bad_frame"))])
def test_a_message_that_is_not_there_cannot_be_deleted(owner, seq, status):
    room = owner.opens()
    assert owner.is_refused("DELETE", f"/rooms/{room}/messages/{seq}") == status


async def test_a_deleted_room_puts_all_out_and_its_name_is_free_for_another(server, crowd, owner, other_edge):
    room = owner.opens(title="the old one")
    clients = [await guest(each).comes_in(crowd) for each in server.edges]
    for client in clients:
        old = await client.join(room)
    await clients[0].say(room, "old words")
    assert owner.ask("DELETE", f"/rooms/{room}").status == 204
    for client in clients:
        await client.expect("error", room=room, code="room_gone")
        await client.expect("left", room=room, reason="room_gone")
    assert owner.is_refused("GET", f"/rooms/{room}") == (404, "no_such_room")
    heir = account(other_edge, "heir")
    made = heir.does("POST", "/rooms", {"room": room})
    assert (made["owner"], made["title"], made["you_own"]) == (heir.user, "", True)
    assert made["epoch"] != old["epoch"]
    for client in clients:
        again = await client.join(room, since=old["last"], epoch=old["epoch"])
        assert (again["recovered"], again["reason"], again["messages"]) == (False, "epoch_changed", [])
    assert owner.is_refused("DELETE", f"/rooms/{room}") == FORBIDDEN


async def test_a_deleted_room_is_made_anew_by_who_joins_it(crowd, owner, other_edge):
    room = owner.opens(title="the old one")
    old = owner.does("GET", f"/rooms/{room}")["epoch"]
    owner.does("DELETE", f"/rooms/{room}")
    heir = account(other_edge, "heir")
    joined = await (await heir.comes_in(crowd)).join(room)
    assert (joined["owner"], joined["messages"]) == (heir.user, [])
    assert joined["epoch"] != old

    async def listed():
        return room in {each["room"] for each in owner.does("GET", f"/rooms?q={room}")["rooms"]}
    await eventually(listed, "the new room is listed")
