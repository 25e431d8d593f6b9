"""Rooms above the size at which presence is counts alone."""

import asyncio

from support.wsclient import unique

LISTED = 100


async def enter(crowd, edges, room, count):
    """So many sessions of one guest."""
    token = await crowd.token(unique("many"))
    clients = []
    for first in range(0, count, 20):
        some = range(first, min(first + 20, count))
        clients += await asyncio.gather(*(crowd.connect(token=token, edge=edges[n % len(edges)]) for n in some))
    await asyncio.gather(*(client.join(room, last=0) for client in clients))
    return clients


async def told_count(client, room, count):
    """The presence that tells that many."""
    while True:
        told = await client.expect("presence", room=room, within=15)
        if told["count"] == count:
            return told


async def test_above_100_members_presence_is_counts_alone(server, crowd, edge):
    room = unique("big")
    witness = await crowd.connect(edge=edge)
    await witness.join(room)
    await enter(crowd, server.edges, room, LISTED - 1)
    assert (await told_count(witness, room, LISTED))["joined"], "up to there it says who"
    more = await enter(crowd, server.edges, room, 3)
    told = await told_count(witness, room, LISTED + 3)
    assert (told["joined"], told["left"]) == ([], [])
    await more[0].close()
    told = await told_count(witness, room, LISTED + 2)
    assert (told["joined"], told["left"]) == ([], [])
    listed = await witness.request(type="members", room=room)
    assert (listed["count"], len(listed["members"])) == (LISTED + 2, LISTED + 2), "who asks is told all the same"
