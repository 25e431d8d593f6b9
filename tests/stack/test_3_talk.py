"""People on the stack, and what they do not notice: nodes that are killed, added, restarted."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import time

import pytest
from support.member import Load
from support.servers import REPLAY, ROOT
from support.stack import docker, wait_healthy
from support.waiting import eventually
from support.wsclient import Refused, unique

LONGEST_GAP_S = 10.0  # a bound that tells a take-over from an accident on a busy machine
QUIET_S = 95  # longer than nginx waits for a word


async def in_thread(function, *arguments, **more):
    """Commands take a while; the clients go on meanwhile."""
    return await asyncio.to_thread(function, *arguments, **more)


@pytest.fixture
def doors(stack):
    """nginx first, then the edges themselves."""
    return [stack.nginx, *stack.edges]


async def test_two_users_on_two_edges_talk(stack, crowd):
    one = await crowd.connect(edge=stack.edges[0])
    two = await crowd.connect(edge=stack.edges[1])
    front = await crowd.connect(edge=stack.nginx)
    assert (one.welcome["node"], two.welcome["node"]) == ("edge-1", "edge-2")
    assert front.welcome["node"] in ("edge-1", "edge-2")
    room = unique("talk")
    for client in (one, two, front):
        await client.join(room)
    for client, text in ((one, "from the first edge"), (two, "from the second"), (front, "through nginx")):
        await client.say(room, text)
    for client in (one, two, front):
        log = await client.saw(room, count=3)
        assert log.texts == ["from the first edge", "from the second", "through nginx"]


async def test_a_browser_may_connect_from_the_page_that_nginx_serves(stack, crowd):
    token = await crowd.token(unique("browser"), stack.nginx)
    for origin, allowed in ((stack.nginx.url, True), ("https://elsewhere.example", False)):
        async with crowd.session(stack.nginx).post(f"{stack.nginx.url}/guest", json={"nick": unique("b")},
                                                   headers={"Origin": origin}) as answer:
            assert (answer.status == 200) == allowed
    assert token


async def test_a_room_is_replayed_from_its_topic(stack, crowd):
    room = unique("replay")
    client = await crowd.connect()
    await client.join(room)
    await client.say_all(room, [f"line {n}" for n in range(20)])
    lines = await in_thread(stack.compose, "run", "--rm", "-T", "--no-deps", "worker", "/usr/bin/roomcast-replay", room)
    texts = [json.loads(line)["text"] for line in lines.splitlines() if line.startswith("{")]
    assert texts == [f"line {n}" for n in range(20)]
    if REPLAY.exists():
        # From outside of the containers, as `make replay` does.
        outside = subprocess.run([REPLAY, room, "--brokers", f"127.0.0.1:{stack.ports['KAFKA_PORT']}"], capture_output=True, text=True,
                                 timeout=60, check=True)
        assert [json.loads(line)["text"] for line in outside.stdout.splitlines()] == texts


async def under_load(crowd, doors, fault, rooms=4, members=6, per_second=8):
    """Breaks something under load; the load's numbers, once all is checked."""
    load = Load(crowd, doors, rooms=rooms, members=members, per_second=per_second)
    async with load:
        since = time.monotonic()
        await fault()
        await load.more_messages(100, within=60)
        await load.everyone_has_everything()
        load.gap_s = load.longest_gap_s(since, time.monotonic())
    await load.check()
    return load


@pytest.mark.limit(240)
async def test_an_edge_is_killed(stack, crowd, doors, report):
    edge = stack.container("edge-1")

    async def fault():
        await in_thread(docker, "kill", edge)
    load = await under_load(crowd, [stack.nginx], fault)
    report(f"stack: an edge killed: longest time without messages for its clients {load.gap_s * 1000:.0f} ms")
    assert load.gap_s < LONGEST_GAP_S
    assert load.closes().total() > 0, "some were on that edge"
    await in_thread(docker, "start", edge)
    await in_thread(wait_healthy, edge)


@pytest.mark.limit(240)
async def test_a_worker_is_killed_and_the_alert_fires_and_ends(stack, crowd, doors, report):
    await eventually(lambda: not stack.firing(), f"no alert fires before: {stack.firing()}", 60)
    worker = stack.containers("worker")[0]

    async def fault():
        await in_thread(docker, "kill", worker)
    load = await under_load(crowd, doors, fault)
    report(f"stack: a worker killed: longest time without messages {load.gap_s * 1000:.0f} ms")
    assert load.gap_s < LONGEST_GAP_S
    assert load.closes().total() == 0, "no connection ends because of a worker"
    await eventually(lambda: "WorkerDown" in stack.firing(), "the alert WorkerDown fires", 90)
    await in_thread(docker, "start", worker)
    await in_thread(wait_healthy, worker)
    await eventually(lambda: "WorkerDown" not in stack.firing(), "the alert ends", 60)


@pytest.mark.limit(300)
async def test_kafka_is_killed_and_comes_back(stack, crowd, doors, report):
    kafka = stack.container("kafka")

    async def fault():
        await in_thread(docker, "kill", kafka)
        await in_thread(docker, "start", kafka)
        await in_thread(wait_healthy, kafka)
    load = await under_load(crowd, doors, fault, rooms=3, members=4, per_second=4)
    report(f"stack: Kafka killed and started: longest time without messages {load.gap_s:.1f} s, refusals {dict(load.refusals())}")


async def node_of_a_new_connection(crowd, edge):
    with contextlib.suppress(Refused, OSError):
        client = await crowd.connect(edge=edge)
        node = client.welcome["node"]
        await client.close()
        return node
    return None


@pytest.mark.limit(240)
async def test_more_edges_are_found_and_fewer_are_no_loss(stack, crowd):
    """With no configuration changed: the third is found by its name."""
    keeper = Load(crowd, [stack.nginx], rooms=2, members=4, per_second=5)
    async with keeper:
        await in_thread(stack.compose, "up", "-d", "--no-build", "--no-recreate", "--scale", "edge=1")
        third = stack.container("edge")
        await in_thread(wait_healthy, third)
        nodes = set()

        async def new_one():
            nodes.add(await node_of_a_new_connection(crowd, stack.nginx))
            return any(node and node not in ("edge-1", "edge-2") for node in nodes)
        await eventually(new_one, f"nginx uses the third edge, not only {nodes}", 30)
        assert keeper.closes().total() == 0, "the reload cut nobody"
        await eventually(lambda: len(stack.prometheus('up{job="edge"} == 1')) == 3, "Prometheus has found it", 30)
        await keeper.more_messages(20)
        await in_thread(stack.compose, "up", "-d", "--no-build", "--no-recreate", "--scale", "edge=0")
        await keeper.more_messages(40)
    await keeper.check()


@pytest.mark.limit(400)
async def test_a_rolling_restart_of_the_edges_loses_nothing(stack, crowd, doors, report):
    load = Load(crowd, [stack.nginx], rooms=4, members=8, per_second=8)
    async with load:
        before = load.count_acked()
        said = await in_thread(stack.make, "restart")
        report(f"stack: rolling restart: {load.count_acked() - before} messages acked meanwhile, {load.closes().total()} reconnects, "
               f"closes {dict(load.closes())}")
        assert said.count("was restarted") == 2
        assert load.closes().total() >= 8, "everybody had to move at least once"
        await load.more_messages(50)
    await load.check()


@pytest.mark.limit(240)
async def test_a_quiet_socket_lives_as_long_as_its_heartbeat_and_a_renewed_certificate_ends_nobody(stack, crowd):
    quiet = await crowd.connect(edge=stack.nginx)
    room = unique("quiet")
    await quiet.join(room)
    since = time.monotonic()

    def shown(edge):
        """The certificate that a new connection is shown."""
        return ssl.get_server_certificate(("127.0.0.1", edge.port))
    before = [await in_thread(shown, edge) for edge in (stack.nginx, *stack.edges)]
    # A further name makes a new certificate, as one that runs out does; another one each time, as the certificates outlast a run.
    await in_thread(subprocess.run, [ROOT / "certs/make-certs", "--dir", str(stack.certs), "--name", unique("renewed")],
                    check=True, stdout=subprocess.DEVNULL)
    await in_thread(stack.make, "certs")

    async def renewed():
        now = [await in_thread(shown, edge) for edge in (stack.nginx, *stack.edges)]
        return all(one != other for one, other in zip(now, before))
    await eventually(renewed, "nginx and both edges show the new certificate", 20)
    await asyncio.sleep(max(0.0, QUIET_S - (time.monotonic() - since)))  # the silence is the test
    assert not quiet.on_close.is_set(), f"closed with {quiet.close_code} after {time.monotonic() - since:.0f} s"
    await quiet.say(room, "still here")
