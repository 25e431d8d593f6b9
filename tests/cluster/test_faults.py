"""Processes that are killed, frozen or asked to go, under load, on a real broker.

In each of these every client must see every acked message once, in order. Load.check says that; the rest is how.
"""

import asyncio
import time

import pytest
from support.member import Load
from support.waiting import eventually

# The aim is 1 s; these bounds only tell a take-over from an accident on a busy machine.
LONGEST_GAP_S = 5.0


async def in_thread(function, *arguments):
    """scripts/cluster takes a while; the clients go on meanwhile."""
    return await asyncio.to_thread(function, *arguments)


async def fault_and_gap(load, fault, messages=400):
    """Does it, lets so many messages pass, and gives the longest time without one."""
    since = time.monotonic()
    await fault
    await load.more_messages(messages)
    await load.everyone_has_everything()
    return load.longest_gap_s(since, time.monotonic())




async def test_kill_9_of_a_worker(cluster, crowd, edges, report):
    async with Load(crowd, edges) as load:
        for worker in ("worker-1", "worker-2"):
            gap = await fault_and_gap(load, in_thread(cluster.kill, worker))
            report(f"kill -9 of {worker}: longest time without messages {gap * 1000:.0f} ms")
            assert gap < LONGEST_GAP_S
            await in_thread(cluster.restart, worker)
            await load.more_messages(200)
    await load.check()
    assert load.closes().total() == 0, "no client's connection ends because of a worker"
    assert load.refusals().total() == 0


async def test_a_frozen_worker(cluster, crowd, edges, report):
    async with Load(crowd, edges) as load:
        gap = await fault_and_gap(load, in_thread(cluster.kill, "worker-1", "STOP"))
        report(f"SIGSTOP of a worker: longest time without messages {gap * 1000:.0f} ms")
        assert gap < LONGEST_GAP_S
        # Longer than the group's session, so that the thawed one finds itself replaced.
        frozen_until = time.monotonic() + 7
        while time.monotonic() < frozen_until:
            await load.more_messages(20)
        await in_thread(cluster.kill, "worker-1", "CONT")
        await load.more_messages(400)
    await load.check()
    assert load.closes().total() == 0


async def test_both_workers_killed_and_one_started(cluster, crowd, edges, report):
    """Nobody reads for a while; what was acked meanwhile comes afterwards."""
    async with Load(crowd, edges, per_second=10) as load:
        for row in await in_thread(cluster.status):
            if row["kind"] == "worker":
                await in_thread(cluster.kill, row["name"])
        since = time.monotonic()
        await in_thread(cluster.restart, "worker-1")
        await load.more_messages(200)
        await load.everyone_has_everything()
        report(f"all workers killed, one started: longest time without messages {load.longest_gap_s(since, time.monotonic()):.1f} s")
    await load.check()
    assert load.closes().total() == 0


async def test_kill_9_of_an_edge(cluster, crowd, edges, report):
    async with Load(crowd, edges) as load:
        gap = await fault_and_gap(load, in_thread(cluster.kill, edges[0].name))
        report(f"kill -9 of an edge: longest time without messages for its clients {gap * 1000:.0f} ms")
        assert gap < LONGEST_GAP_S
        await in_thread(cluster.restart, edges[0].name)
        await load.more_messages(200)
    await load.check()
    assert load.closes().total() >= len(load.members) // 2


async def test_sigterm_of_a_worker_leaves_nothing_unknown(cluster, crowd, edges, report):
    async with Load(crowd, edges) as load:
        gap = await fault_and_gap(load, in_thread(cluster.restart, "worker-1"))
        report(f"SIGTERM of a worker: longest time without messages {gap * 1000:.0f} ms")
        assert gap < LONGEST_GAP_S
    await load.check()
    assert load.refusals().total() == 0
    assert load.closes().total() == 0


async def test_sigterm_of_an_edge_leaves_nothing_unknown(cluster, crowd, edges, report):
    """Members give what was refused or unanswered a new id: had it been kept, it would be one too many."""
    async with Load(crowd, edges) as load:
        gap = await fault_and_gap(load, in_thread(cluster.restart, edges[0].name))
        report(f"SIGTERM of an edge: longest time without messages for its clients {gap * 1000:.0f} ms")
        assert gap < LONGEST_GAP_S
    await load.check()
    assert set(load.closes()) == {1012}, "told to come back, and nothing else"
    assert set(load.refusals()) <= {"restarting"}


@pytest.mark.parametrize("name", ["worker-1", "edge-1"])
async def test_a_process_asked_to_go_ends_soon(cluster, crowd, name):
    await crowd.connect(room="idle")
    await in_thread(cluster.kill, name, "TERM")
    await eventually(lambda: in_thread(cluster.gone, name), f"{name} has ended", within=20)
