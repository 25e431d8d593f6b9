"""A client that does what a good client does when things break: comes back, resumes, sends again."""

import asyncio
import collections
import contextlib

import aiohttp

from support.roomlog import assert_exact, assert_same
from support.waiting import eventually
from support.wsclient import Closed, Refused, unique

RESTARTING = 1012
COME_BACK_S = 30.0


class Member:
    """A person in some rooms, over as many connections as it takes.

    Sends each message until it is acked: again with the same id when its fate is unknown, and with a new id when the
    server has said that it was not kept (an answer that says so, or no answer before a close with 1012), so that a
    message which was kept all the same shows up as one that nobody sent.
    """

    def __init__(self, crowd, edges, rooms, nick=None):
        self.crowd = crowd
        self.edges = edges  # the first is the preferred one
        self.rooms = rooms
        self.nick = nick or unique("member")
        self.logs = {}
        self.acked = collections.defaultdict(dict)  # room -> id -> seq
        self.refusals = collections.Counter()       # by code
        self.closes = collections.Counter()         # by close code
        self.not_recovered = []
        self._client = None
        self._up = asyncio.Event()
        self._keeper = None

    async def start(self):
        self.token = await self.crowd.token(self.nick, self.edges[0])
        self._client = await self._connect(self.edges[0])
        for room in self.rooms:
            await self._client.join(room, last=0)
        self._up.set()
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def _connect(self, edge):
        return await self.crowd.connect(edge=edge, token=self.token, logs=self.logs, keep_messages=False)

    async def _keep(self):
        while True:
            await self._client.on_close.wait()
            self._up.clear()
            self.closes[self._client.close_code] += 1
            self._client = await asyncio.wait_for(self._come_back(), COME_BACK_S)
            self._up.set()

    async def _come_back(self):
        turn = 0
        while True:
            turn += 1
            edge = self.edges[turn % len(self.edges)]  # another one first
            try:
                client = await self._connect(edge)
                for room in self.rooms:
                    joined = await self._resume(client, room)
                    if not joined["recovered"]:
                        self.not_recovered.append((room, joined["reason"]))
                return client
            except (aiohttp.ClientError, OSError, Closed, Refused, asyncio.TimeoutError):
                await asyncio.sleep(0.05)

    async def _resume(self, client, room):
        while True:
            try:
                return await client.resume(room)
            except Refused as refusal:
                if not refusal.retry_after_ms:
                    raise
                await asyncio.sleep(refusal.retry_after_ms / 1000)

    async def _connection(self):
        """The live connection; fails with what made coming back fail."""
        up = asyncio.create_task(self._up.wait())
        await asyncio.wait({up, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._keeper.done():
            self._keeper.result()
        return self._client

    async def say(self, room, text):
        """Sends until acked; the seq."""
        id = unique("m")
        unknown = False  # whether this id may have been kept: then it stays, whatever later attempts are told
        while True:
            client = await self._connection()
            try:
                seq = (await client.say(room, text, id=id, within=30))["seq"]
            except Refused as refusal:
                self.refusals[refusal.code] += 1
                if not refusal.retry_after_ms:
                    raise
                unknown = unknown or refusal.code == "unknown_outcome"
                if not unknown:
                    id = unique("m")
                await asyncio.sleep(refusal.retry_after_ms / 1000)
            except Closed as closed:
                unknown = unknown or closed.code != RESTARTING
                if not unknown:
                    id = unique("m")
                await asyncio.sleep(0)  # lets the keeper see it
            else:
                self.acked[room][id] = seq
                return seq

    async def stop(self):
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._keeper


class Load:
    """Members who talk in all their rooms, in turn, until the block ends; `check` then says whether all was kept.

        async with Load(crowd, edges, rooms=8, members=8) as load:
            ...break something...
        await load.check()
    """

    def __init__(self, crowd, edges, rooms=8, members=8, per_second=20):
        self.rooms = [unique("load") for _ in range(rooms)]
        # Half of them prefer one edge, half the next.
        self.members = [Member(crowd, edges[n % len(edges):] + edges[:n % len(edges)], self.rooms) for n in range(members)]
        self.pause_s = 1 / per_second
        self._stopping = asyncio.Event()
        self._talkers = []
        crowd.at_end(self._stop_members)

    async def __aenter__(self):
        for member in self.members:
            await member.start()
        self._talkers = [asyncio.create_task(self._talk(member)) for member in self.members]
        await self.more_messages(50)
        return self

    async def __aexit__(self, kind, *_):
        self._stopping.set()
        done = await asyncio.gather(*self._talkers, return_exceptions=True)
        if kind is None:
            for failure in filter(None, done):
                raise failure

    async def _talk(self, member):
        turn = self.members.index(member)
        while not self._stopping.is_set():
            await member.say(self.rooms[turn % len(self.rooms)], f"{member.nick} {turn}")
            turn += 1
            await asyncio.sleep(self.pause_s)  # the pace of the load, no proof of anything

    async def _stop_members(self):
        self._stopping.set()
        for member in self.members:
            await member.stop()

    def acked(self, room):
        return {id: seq for member in self.members for id, seq in member.acked[room].items()}

    def count_acked(self):
        return sum(len(ids) for member in self.members for ids in member.acked.values())

    async def more_messages(self, count, within=30):
        """Waits until so many more are acked."""
        wanted = self.count_acked() + count
        await eventually(lambda: self.count_acked() >= wanted or any(talker.done() for talker in self._talkers),
                         f"{count} more messages acked", within)
        for talker in self._talkers:
            if talker.done():
                talker.result()

    async def everyone_has_everything(self, within=30):
        for room in self.rooms:
            last = max(self.acked(room).values(), default=-1)
            await eventually(lambda: all(member.logs[room].last >= last for member in self.members),
                             f"everyone has {room} up to {last}", within)

    async def check(self):
        """Every member saw every acked message of every room, once, in one order, each under the seq of its ack."""
        await self.everyone_has_everything()
        for member in self.members:
            assert not member.not_recovered, f"{member.nick} did not recover: {member.not_recovered}"
        for room in self.rooms:
            acked = self.acked(room)
            for member in self.members:
                assert_exact(member.logs[room], acked, f"{member.nick} in {room}")
                assert dict((id, seq) for seq, id in member.logs[room].pairs) == acked
            assert_same({member.nick: member.logs[room] for member in self.members})

    def longest_gap_s(self, since, until):
        """The longest time in which some member saw nothing in some room."""
        return max(member.logs[room].longest_gap_s(since, until) for member in self.members for room in self.rooms)

    def refusals(self):
        return sum((member.refusals for member in self.members), collections.Counter())

    def closes(self):
        return sum((member.closes for member in self.members), collections.Counter())
