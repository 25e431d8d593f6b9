"""Nodes that are added while it runs are used, with nothing configured."""

import asyncio

from support.member import Load
from support.roomlog import assert_exact, assert_same
from support.waiting import eventually
from support.wsclient import unique


async def test_a_third_worker_takes_part(cluster, crowd, edges):
    """Proven by leaving it alone: the others go, one after the other, and the rooms go on."""
    async with Load(crowd, edges) as load:
        added = await asyncio.to_thread(cluster.add, "worker")
        await load.more_messages(200)
        others = [row["name"] for row in cluster.status() if row["kind"] == "worker" and row["name"] != added]
        for name in others:
            await asyncio.to_thread(cluster.kill, name, "TERM")
            await eventually(lambda: asyncio.to_thread(cluster.gone, name), f"{name} has ended", within=20)
            await load.more_messages(200)
        await load.everyone_has_everything()
        room = unique("by-the-third")  # its directory is served as well
        client = await crowd.connect(edge=edges[0])
        await client.join(room)
        await client.say(room, "hi")
        for name in others:
            await asyncio.to_thread(cluster.restart, name)
        await load.more_messages(200)
    await load.check()
    assert load.closes().total() == 0


async def test_a_third_edge_takes_part(cluster, crowd, edges):
    room = unique("everywhere")
    old = await crowd.connect(edge=edges[0])
    await old.join(room)
    before = await old.say(room, "before")
    added = await asyncio.to_thread(cluster.add, "edge")
    new = await crowd.connect(edge=cluster.edge_named(added))
    joined = await new.join(room)
    assert [message["seq"] for message in joined["messages"]] == [before["seq"]]
    acks = await asyncio.gather(old.say_all(room, ["old"] * 100), new.say_all(room, ["new"] * 100))
    ids = [before["id"]] + [ack["id"] for side in acks for ack in side]
    for client in (old, new):
        assert_exact(await client.saw(room, count=len(ids)), ids)
    assert_same({"old": old.log(room), "new": new.log(room)})
