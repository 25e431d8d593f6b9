"""The broker goes away and comes back; nobody else is restarted."""

import asyncio
import collections
import time

import pytest
from support.member import Load
from support.roomlog import assert_exact
from support.servers import Cluster
from support.waiting import eventually
from support.wsclient import Crowd, Refused, unique

OUTAGE_S = 20
UNACKED_MOST = 1024  # limits::unacked_per_session
ANSWER_S = 25  # the server's own deadlines are 15 s and less
KEPT_NOTHING = {"unavailable", "busy"}
MAY_HAVE_KEPT = {"unknown_outcome"}


@pytest.fixture
def own_broker(cluster):
    if not cluster.own_brokers:
        pytest.skip("KAFKA_BROKERS is not ours to stop")
    return "broker-1"


async def outcome_of(request):
    try:
        return await request
    except Refused as refusal:
        return refusal


@pytest.mark.limit(240)
async def test_a_broker_that_stops_for_20_s(cluster, crowd, edges, own_broker, report):
    """Sends in that time get a clear, retryable error or are acked later; none acked is lost; no restart is needed."""
    room = unique("outage")
    writers = [await crowd.connect(edge=edge) for edge in edges]
    for writer in writers:
        await writer.join(room)
        await writer.say(room, "before")
    pids = cluster.pids()
    await asyncio.to_thread(cluster.kill, own_broker, "TERM")
    await eventually(lambda: asyncio.to_thread(cluster.gone, own_broker), "the broker is gone")

    sends = {}  # (writer, id) -> the answer to come
    asked = [asyncio.create_task(outcome_of(call)) for call in (
        writers[0].join(unique("in-outage"), within=ANSWER_S), writers[1].request(ANSWER_S, type="history", room=room))]
    until = time.monotonic() + OUTAGE_S
    while time.monotonic() < until:
        for writer in writers:
            id = writer.new_id()
            sends[writer, id] = asyncio.create_task(outcome_of(writer.say(room, f"text of {id}", id=id, within=ANSWER_S)))
        await asyncio.sleep(0.25)  # the outage's own length, and the pace of sending in it
    began = time.monotonic()
    await asyncio.to_thread(cluster.restart, own_broker)

    outcomes = dict(zip(sends, await asyncio.gather(*sends.values())))
    counts = collections.Counter("acked" if isinstance(outcome, dict) else outcome.code for outcome in outcomes.values())
    report(f"broker stopped for {OUTAGE_S} s: of {len(outcomes)} messages sent then, {dict(counts)}")
    refused = {sent: outcome for sent, outcome in outcomes.items() if isinstance(outcome, Refused)}
    for refusal in refused.values():
        assert refusal.code in KEPT_NOTHING | MAY_HAVE_KEPT
        assert refusal.retry_after_ms
    for outcome in await asyncio.gather(*asked):
        assert isinstance(outcome, dict) or (outcome.code in KEPT_NOTHING and outcome.retry_after_ms), outcome

    # Sending again with the same id is what an error asks for, and makes each of them appear once.
    async def send_until_acked(writer, id):
        while isinstance(outcome := await outcome_of(writer.say(room, f"text of {id}", id=id, within=ANSWER_S)), Refused):
            await asyncio.sleep(outcome.retry_after_ms / 1000)
        return outcome
    again = await asyncio.gather(*(send_until_acked(*sent) for sent in refused))
    report(f"broker back: all messages acked {time.monotonic() - began:.1f} s after its start began")
    last = max(answer["seq"] for answer in [*again, *(o for o in outcomes.values() if isinstance(o, dict))])
    for writer in writers:
        log = writer.log(room)
        await eventually(lambda: log.last >= last, "the last message is shown", within=20)
        ids = {id for _, id in sends}
        assert_exact(log, ids | set(log.ids[:2]))
        assert not writer.on_close.is_set(), "the connections stayed"
    now = cluster.pids()
    assert {name: pid for name, pid in now.items() if name != own_broker} == \
        {name: pid for name, pid in pids.items() if name != own_broker}
    # New rooms work as well.
    fresh = unique("after-outage")
    await writers[0].join(fresh)
    await writers[0].say(fresh, "hi")


async def test_a_session_has_1024_messages_on_their_way_and_not_one_more(cluster, crowd, own_broker):
    room = unique("waiting")
    writer = await crowd.connect()
    await writer.join(room)
    await writer.say(room, "the room is there")
    await asyncio.to_thread(cluster.kill, own_broker, "STOP")
    try:
        sends = [await writer.start_request(type="message", room=room, text=f"{n}") for n in range(UNACKED_MOST + 1)]
        one_more = await outcome_of(asyncio.wait_for(sends.pop(), ANSWER_S))
        assert isinstance(one_more, Refused) and one_more.code == "busy" and one_more.retry_after_ms
        assert not any(answer.done() for answer in sends), "it is refused although none of the others is answered"
    finally:
        await asyncio.to_thread(cluster.kill, own_broker, "CONT")
    acks = await asyncio.wait_for(asyncio.gather(*sends), ANSWER_S)
    assert [ack["seq"] for ack in acks] == sorted(ack["seq"] for ack in acks)
    await writer.say(room, "there is room again")


async def test_a_broker_that_restarts_under_load(cluster, crowd, edges, own_broker, report):
    async with Load(crowd, edges, rooms=4, members=4) as load:
        since = time.monotonic()
        await asyncio.to_thread(cluster.restart, own_broker)
        await load.more_messages(200, within=60)
        await load.everyone_has_everything()
        report(f"broker restarted: longest time without messages {load.longest_gap_s(since, time.monotonic()):.1f} s")
    await load.check()
    assert set(load.refusals()) <= KEPT_NOTHING | MAY_HAVE_KEPT
    assert load.closes().total() == 0


async def test_a_broker_that_is_killed_under_load(cluster, crowd, edges, own_broker):
    async with Load(crowd, edges, rooms=4, members=4) as load:
        await asyncio.to_thread(cluster.kill, own_broker)
        await asyncio.to_thread(cluster.restart, own_broker)
        await load.more_messages(200, within=60)
    await load.check()


@pytest.mark.limit(240)
async def test_one_broker_of_three_is_killed(report):
    """Three replicas, two in sync: the loss of one is the loss of none."""
    three = Cluster(edges=2, workers=2, brokers=3)
    if not three.own_brokers:
        pytest.skip("KAFKA_BROKERS is not ours to kill")
    crowd = Crowd(three)
    try:
        await asyncio.to_thread(three.start)
        async with Load(crowd, three.edges, rooms=6, members=4) as load:
            since = time.monotonic()
            await asyncio.to_thread(three.kill, "broker-2")
            await load.more_messages(300, within=60)
            await load.everyone_has_everything()
            report(f"one broker of three killed: longest time without messages {load.longest_gap_s(since, time.monotonic()):.1f} s")
        await load.check()
    finally:
        await crowd.aclose()
        await asyncio.to_thread(three.stop)
