"""Who is in a room, while the processes that know it are killed: everybody is told what is right again in time."""

import asyncio
import time

from support.people import Person, guest
from support.waiting import eventually
from support.wsclient import unique

# docs/protocol.md says some 2 s and 4 s; the rest is for a busy machine.
WORKER_LOST_S, EDGE_LOST_S = 2 + 4, 4 + 4


class Watch:
    """What one client is told of who is in a room, as it would show it."""

    def __init__(self, client, room):
        self.client, self.room = client, room
        self.people, self.count = {}, None  # user by session

    def take_news(self):
        for told in [frame for frame in self.client.inbox if frame["type"] == "presence" and frame["room"] == self.room]:
            self.client.inbox.remove(told)
            self.people |= {person["session"]: person["user"] for person in told["joined"]}
            for person in told["left"]:
                self.people.pop(person["session"], None)
            self.count = told["count"]
        return self.count

    async def shows(self, clients, within):
        """Waits until it shows these sessions and no others, whatever it showed meanwhile."""
        wanted = {client.welcome["session"]: client.user for client in clients}

        def right():
            self.take_news()
            return self.people == wanted and self.count == len(wanted)
        try:
            await eventually(right, "it shows who is there", within)
        except AssertionError:
            raise AssertionError(f"after {within} s it shows {self.count}: {self.people}, not {wanted}") from None


async def knows(client, room, clients):
    """Whether `members` answers with these sessions."""
    answer = await client.request(type="members", room=room, within=15)
    listed = {person["session"] for person in answer["members"]}
    return listed == {each.welcome["session"] for each in clients} and answer["count"] == len(listed)


async def all_know(clients, room):
    for client in clients:
        await eventually(lambda asker=client: knows(asker, room, clients), f"{client.user} is told of all who ask", within=20)


async def in_a_room(crowd, edges, people=4):
    """Clients of both edges in turn, and what each of them shows: all of them."""
    room = unique("salon")
    clients = [await crowd.connect(edge=edges[n % len(edges)]) for n in range(people)]
    for client in clients:
        await client.join(room)
    await all_know(clients, room)
    watches = [Watch(client, room) for client in clients]
    for watch in watches:
        await eventually(lambda told=watch: told.take_news() == people, "presence has told of the last one")
        watch.people = {client.welcome["session"]: client.user for client in clients}
    return room, clients, watches


async def test_after_a_worker_is_killed_who_comes_and_who_goes_is_told_again(cluster, crowd, edges, report):
    for worker in ("worker-1", "worker-2"):
        room, clients, watches = await in_a_room(crowd, edges)
        killed = time.monotonic()
        await asyncio.to_thread(cluster.kill, worker)
        newcomer = await crowd.connect(edge=edges[0])
        await newcomer.join(room, within=20)
        await clients.pop().close()
        clients.append(newcomer)
        for watch in watches[:-1]:
            await watch.shows(clients, within=WORKER_LOST_S)
        report(f"kill -9 of {worker}: who came and who went is told after {time.monotonic() - killed:.1f} s")
        await all_know(clients, room)
        await asyncio.to_thread(cluster.restart, worker)


async def test_members_of_an_edge_that_is_killed_leave(cluster, crowd, edges, report):
    room, clients, watches = await in_a_room(crowd, edges)
    killed = time.monotonic()
    await asyncio.to_thread(cluster.kill, edges[0].name)
    for watch in watches[1::2]:
        await watch.shows(clients[1::2], within=EDGE_LOST_S)
    report(f"kill -9 of an edge: its members have left after {time.monotonic() - killed:.1f} s")
    await all_know(clients[1::2], room)


async def test_who_comes_back_from_an_edge_that_is_killed_is_there_once(cluster, crowd, edges):
    room, clients, watches = await in_a_room(crowd, edges)
    await asyncio.to_thread(cluster.kill, edges[0].name)
    back = await crowd.connect(edge=edges[1], token=clients[0].token)
    await back.join(room)
    there = [back, *clients[1::2]]
    for watch in watches[1::2]:
        await watch.shows(there, within=EDGE_LOST_S)
    await all_know(there, room)


async def test_typing_signals_and_members_work_again_after_a_worker_is_killed(cluster, crowd, edges):
    room, clients, _ = await in_a_room(crowd, edges)
    ann, ben = clients[:2]
    for worker in ("worker-1", "worker-2"):
        await asyncio.to_thread(cluster.kill, worker)
        await all_know(clients, room)

        async def typing_is_seen():
            await ben.send({"type": "typing", "room": room, "typing": True})
            return ann.has("typing", room=room, user=ben.user, typing=True)
        ann.inbox.clear()
        await eventually(typing_is_seen, "typing is shown again", within=20)

        async def signal_is_seen():
            await ann.send({"type": "signal", "room": room, "to": ben.welcome["session"], "data": {}})
            return ben.has("signal", room=room, user=ann.user)
        ben.inbox.clear()
        await eventually(signal_is_seen, "a signal arrives again", within=20)
        await asyncio.to_thread(cluster.restart, worker)


async def test_a_guests_nick_stays_their_own_while_workers_are_killed(cluster, crowd, edges):
    ann = guest(edges[0], "ann")
    client = await ann.comes_in(crowd)
    for worker in ("worker-1", "worker-2"):
        await asyncio.to_thread(cluster.kill, worker)

        async def refused():
            answer = await asyncio.to_thread(Person(edges[1], ann.user).ask, "POST", "/guest", {"nick": ann.user})
            assert answer.status != 200, "the nick was given to another"
            return answer.status == 409
        await eventually(refused, "the nick is known to be taken again", within=20)
        await asyncio.to_thread(cluster.restart, worker)
    await client.join(unique("room"))
