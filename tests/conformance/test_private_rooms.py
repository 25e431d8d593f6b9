"""Private rooms: who does not know the password cannot tell such a room from one that is not there, whichever door they try."""

import pytest
from support.people import account, error_of, guest
from support.wsclient import Refused, unique

SECRET = "open sesame"
NO_SUCH_ROOM = (404, "no_such_room")
FREE_TRIES = 5


def names(people):
    return {person["user"] for person in people}


def without_room(frame):
    return {name: value for name, value in frame.items() if name not in ("id", "room", "retry_after_ms")}


def both(edge, **fields):
    """The names of a private room and of one that is not there, with the owner of the first."""
    owner = account(edge, "owner")
    return owner, [owner.opens(password=SECRET, **fields), unique("missing")]


async def refusal_of(client, room, **fields):
    with pytest.raises(Refused) as refusal:
        await client.join(room, **fields)
    return without_room(refusal.value.frame)


@pytest.mark.parametrize("fields", [{}, {"last": 0}, {"since": -1, "epoch": "abc"}], ids=["join", "no messages", "resume"])
@pytest.mark.parametrize("guess", ["a guess", "", "open sesame\0", "x" * 73])
async def test_a_join_with_a_wrong_password_finds_no_such_room(crowd, edge, other_edge, guess, fields):
    owner, rooms = both(edge)
    client = await guest(other_edge).comes_in(crowd)
    private, missing = [await refusal_of(client, room, password=guess, **fields) for room in rooms]
    assert private == missing
    assert private["code"] == "no_such_room"


async def test_a_join_without_the_password_finds_no_such_room(crowd, edge, other_edge):
    owner, (room, _) = both(edge)
    client = await account(other_edge, "stranger").comes_in(crowd)
    assert (await refusal_of(client, room))["code"] == "no_such_room"


async def test_a_resume_without_the_password_finds_no_such_room(crowd, edge, other_edge):
    owner, (room, _) = both(edge)
    member = await guest(other_edge).comes_in(crowd)
    joined = await member.join(room, password=SECRET)
    assert joined["private"] is True
    await member.leave(room)
    for fields in ({}, {"password": "a guess"}):
        refusal = await refusal_of(member, room, since=joined["last"], epoch=joined["epoch"], **fields)
        assert refusal["code"] == "no_such_room"
    assert (await member.resume(room, password=SECRET))["recovered"] is True


async def test_the_query_of_the_url_lets_in_nobody_with_a_wrong_password(crowd, edge, other_edge):
    owner, rooms = both(edge)
    refusals = []
    for room in rooms:
        client = await guest(other_edge).comes_in(crowd, room=room, password="a guess")
        refusals.append(without_room(await client.expect("error", room=room)))
    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "no_such_room"
    client = await guest(other_edge).comes_in(crowd, room=rooms[0], password=SECRET)
    await client.expect("joined", room=rooms[0])


@pytest.mark.parametrize("password", [None, "a guess", "", "x" * 73, "x" * 2000])
@pytest.mark.parametrize("method, path, body", [
    ("GET", "", None),
    ("GET", "/messages", None),
    ("GET", "/messages?after=-1", None),
    ("POST", "/messages", {"text": "let me in"}),
])
def test_http_finds_no_such_room_without_the_password(edge, other_edge, method, path, body, password):
    owner, rooms = both(edge)
    stranger = guest(other_edge)
    private, missing = [stranger.ask(method, f"/rooms/{room}{path}", body, room_password=password) for room in rooms]
    assert error_of(private) == error_of(missing)
    assert (private.status, private.error_code) == NO_SUCH_ROOM


@pytest.mark.parametrize("password", [None, SECRET], ids=["stranger", "member"])
@pytest.mark.parametrize("method, path, body", [
    ("PATCH", "", {"title": "mine"}),
    ("PATCH", "", {"password": None}),
    ("PATCH", "", {"password": "mine now"}),
    ("DELETE", "", None),
    ("POST", "/kick", {"user": "somebody"}),
    ("GET", "/bans", None),
    ("PUT", "/bans/somebody", None),
    ("DELETE", "/bans/somebody", None),
    ("DELETE", "/messages/0", None),
])
def test_what_is_the_owners_finds_no_such_room_for_others(edge, other_edge, method, path, body, password):
    owner, rooms = both(edge)
    owner.does("POST", f"/rooms/{rooms[0]}/messages", {"text": "a secret"})
    stranger = account(other_edge, "stranger")
    private, missing = [stranger.ask(method, f"/rooms/{room}{path}", body, room_password=password) for room in rooms]
    assert error_of(private) == error_of(missing)
    assert (private.status, private.error_code) == NO_SUCH_ROOM


@pytest.mark.parametrize("frame", [
    {"type": "typing", "typing": True},
    {"type": "members"},
    {"type": "history"},
    {"type": "message", "text": "let me in"},
    {"type": "leave"},
    {"type": "signal", "data": {}},
], ids=lambda frame: frame["type"])
async def test_frames_of_who_is_not_in_do_not_tell_whether_the_room_is_there(crowd, edge, other_edge, frame):
    owner, rooms = both(edge)
    inside = await owner.comes_in(crowd)
    await inside.join(rooms[0])
    client = await guest(other_edge).comes_in(crowd)
    await refusal_of(client, rooms[0], password="a guess")
    if frame["type"] == "signal":
        frame = frame | {"to": inside.welcome["session"]}
    refusals = []
    for room in rooms:
        await client.send({**frame, "room": room, "id": unique("q")} if frame["type"] != "typing" else {**frame, "room": room})
        refusals.append(without_room(await client.expect("error", room=room)))
    assert refusals[0] == refusals[1]
    assert refusals[0]["code"] == "not_a_member"
    assert not inside.has("signal")


def test_a_private_room_is_not_listed(edge, other_edge):
    owner, (room, _) = both(edge, title="the very private one")
    public = owner.opens(title="the public one")
    stem = room.split("-")[1]
    for person in (owner, guest(other_edge)):
        for query in (f"q={stem}", f"after={room[:-1]}&limit=5", "q=the+very+private"):
            assert room not in {each["room"] for each in person.does("GET", f"/rooms?{query}")["rooms"]}
        assert public in {each["room"] for each in person.does("GET", f"/rooms?q={public}")["rooms"]}


async def test_the_owner_needs_no_password_at_any_door(crowd, edge, other_edge):
    owner, (room, _) = both(edge)
    client = await owner.comes_in(crowd, other_edge)
    joined = await client.join(room)
    assert (joined["private"], joined["owner"]) == (True, owner.user)
    said = owner.does("POST", f"/rooms/{room}/messages", {"text": "hi"}, edge=other_edge)
    await client.saw(room, id=said["id"])
    assert [each["text"] for each in owner.does("GET", f"/rooms/{room}/messages")["messages"]] == ["hi"]
    described = owner.does("GET", f"/rooms/{room}")
    assert (described["private"], described["you_own"]) == (True, True)


async def test_the_password_opens_every_door(crowd, edge, other_edge):
    owner, (room, _) = both(edge)
    member = guest(other_edge)
    client = await member.comes_in(crowd)
    await client.join(room, password=SECRET)
    said = member.does("POST", f"/rooms/{room}/messages", {"text": "hi"}, room_password=SECRET)
    await client.saw(room, id=said["id"])
    assert member.does("GET", f"/rooms/{room}", room_password=SECRET)["you_own"] is False
    page = member.does("GET", f"/rooms/{room}/messages", room_password=SECRET)
    assert [each["id"] for each in page["messages"]] == [said["id"]]
    assert member.is_refused("GET", f"/rooms/{room}/messages") == NO_SUCH_ROOM, "being in by another door does not count"


async def test_a_changed_password_puts_out_everybody_but_the_owner(server, crowd, edge):
    owner, (room, _) = both(edge)
    inside = [await owner.comes_in(crowd, each) for each in server.edges]
    others = [await guest(each).comes_in(crowd) for each in server.edges]
    for client in inside:
        await client.join(room)
    for client in others:
        await client.join(room, password=SECRET)
    owner.does("PATCH", f"/rooms/{room}", {"password": "another one"})
    for client in others:
        await client.expect("left", room=room, reason="password_changed")
        assert (await refusal_of(client, room, password=SECRET))["code"] == "no_such_room"
    said = await inside[0].say(room, "among ourselves")
    for client in inside:
        await client.saw(room, id=said["id"])
    for client in others:
        assert client.log(room).seen == []
        joined = await client.join(room, password="another one")
        assert [each["text"] for each in joined["messages"]] == ["among ourselves"]


async def test_a_room_that_gets_a_password_puts_out_who_came_without_one(crowd, edge, other_edge):
    owner = account(edge, "owner")
    room = owner.opens()
    client = await guest(other_edge).comes_in(crowd)
    assert "private" not in await client.join(room)
    owner.does("PATCH", f"/rooms/{room}", {"password": SECRET})
    await client.expect("left", room=room, reason="password_changed")
    assert (await refusal_of(client, room))["code"] == "no_such_room"
    await client.join(room, password=SECRET)


async def test_a_room_made_public_again_keeps_who_is_in_and_takes_anybody(crowd, edge, other_edge):
    owner, (room, _) = both(edge)
    member = await guest(other_edge).comes_in(crowd)
    await member.join(room, password=SECRET)
    assert owner.does("PATCH", f"/rooms/{room}", {"password": None})["private"] is False
    assert (await member.expect("room", room=room))["private"] is False
    newcomer = await guest(edge).comes_in(crowd)
    await newcomer.join(room)
    said = await newcomer.say(room, "hi")
    await member.saw(room, id=said["id"])


async def test_who_is_banned_from_a_private_room_does_not_find_it_with_the_password(crowd, edge, other_edge):
    owner, (room, missing) = both(edge)
    stranger = guest(other_edge)
    client = await stranger.comes_in(crowd)
    await client.join(room, password=SECRET)
    owner.does("PUT", f"/rooms/{room}/bans/{stranger.user}")
    await client.expect("left", room=room, reason="banned")
    refusals = [await refusal_of(client, each, password=SECRET) for each in (room, missing)]
    assert refusals[0] == refusals[1]
    assert stranger.is_refused("GET", f"/rooms/{room}", room_password=SECRET) == NO_SUCH_ROOM


@pytest.mark.parametrize("which", [0, 1], ids=["private", "missing"])
async def test_who_guesses_passwords_of_rooms_must_wait(crowd, edge, other_edge, which):
    owner, rooms = both(edge)
    client = await guest(other_edge).comes_in(crowd)
    for _ in range(FREE_TRIES):
        assert (await refusal_of(client, rooms[which], password="a guess"))["code"] == "no_such_room"
    with pytest.raises(Refused) as refusal:
        await client.join(rooms[which], password=SECRET)
    assert refusal.value.code == "rate_limited"
    assert 0 < refusal.value.retry_after_ms <= 1000
    await (await guest(other_edge).comes_in(crowd)).join(rooms[0], password=SECRET)


@pytest.mark.parametrize("password", ["", "x" * 73, "half\0way"])
def test_what_is_no_password_cannot_be_set(edge, password):
    owner = account(edge, "owner")
    room = owner.opens()
    assert owner.is_refused("PATCH", f"/rooms/{room}", {"password": password}) == (400, "bad_password")
    assert owner.is_refused("POST", "/rooms", {"room": unique("room"), "password": password}) == (400, "bad_password")
    assert owner.does("GET", f"/rooms/{room}")["private"] is False
