"""Down keeps the rooms, clean does not; and the stack's variants. Last, since nothing of the stack is left after it."""

import asyncio
import json

import pytest
from support.member import Load
from support.stack import Failed, docker, inspect, run
from support.wsclient import Crowd, unique


async def in_thread(function, *arguments, **more):
    return await asyncio.to_thread(function, *arguments, **more)


@pytest.mark.limit(300)
async def test_down_keeps_what_was_said_and_clean_does_not(stack, crowd):
    room = unique("kept")
    client = await crowd.connect()
    joined = await client.join(room)
    await client.say_all(room, ["one", "two", "three"])
    await client.close()
    await in_thread(stack.make, "down")
    assert not stack.containers(running=False)
    await in_thread(stack.make, "start")
    again = await (await crowd.connect()).join(room, last=10)
    assert again["epoch"] == joined["epoch"]
    assert [message["text"] for message in again["messages"]] == ["one", "two", "three"]
    with pytest.raises(Failed) as refused:
        await in_thread(stack.script, "clean")
    assert "FORCE=1" in refused.value.output and stack.volumes(), "without being asked it removes nothing"
    await in_thread(stack.script, "clean", FORCE="1")
    assert not stack.containers(running=False) and not stack.volumes()
    await in_thread(stack.make, "start")
    anew = await (await crowd.connect()).join(room, last=10)
    assert anew["epoch"] != joined["epoch"] and not anew["messages"]


@pytest.fixture
def variant(stack):
    """Starts the stack in another form, in place of the one that runs."""
    before = dict(stack.settings)

    def start(**settings):
        stack.script("clean", FORCE="1")
        stack.settings = before | settings
        return stack.make("start")
    yield start
    stack.script("clean", FORCE="1")
    stack.settings = before


async def talk(crowd, doors):
    load = Load(crowd, doors, rooms=2, members=4, per_second=8)
    async with load:
        await load.more_messages(50)
    await load.check()


@pytest.mark.limit(300)
async def test_sasl_ssl_to_kafka_and_no_tls_behind_nginx(stack, crowd, variant):
    await in_thread(variant, COMPOSE_FILE="compose.yaml:docker/compose.sasl.yaml", BACKEND_TLS="off")
    # The edges' own ports speak http now.
    await talk(crowd, [stack.nginx])
    for origin in (stack.nginx.url, f"https://localhost:{stack.nginx.port}"):
        async with crowd.session(stack.nginx).post(f"{stack.nginx.url}/guest", json={"nick": unique("b")}, headers={
                "Origin": f"https://localhost:{stack.nginx.port}", "Host": f"localhost:{stack.nginx.port}"}) as answer:
            assert answer.status == 200, (origin, await answer.text())
    # Nobody gets in without the password, or without TLS.
    environment = ["-e", "KAFKA_SASL_PASSWORD=wrong", "-e", "KAFKA_SASL_PASSWORD_FILE="]
    with pytest.raises(Failed):
        await in_thread(stack.compose, "run", "--rm", "-T", "--no-deps", *environment, "worker", "/usr/bin/roomcast-replay", "general")
    secret = (stack.certs / "kafka.password").read_text().strip()
    for id in stack.containers():
        assert secret not in str(inspect(id)["Config"]), "no password in an environment"


@pytest.mark.limit(400)
async def test_three_brokers_go_on_when_one_is_killed(stack, crowd, variant, report):
    await in_thread(variant, COMPOSE_FILE="compose.yaml:docker/compose.3-brokers.yaml")
    load = Load(crowd, [stack.nginx], rooms=3, members=4, per_second=5)
    async with load:
        killed = stack.container("kafka-2")
        await in_thread(docker, "kill", killed)
        await load.more_messages(60, within=60)
        report(f"stack: one of three brokers killed: refusals {dict(load.refusals())}")
    await load.check()
    listed = json.loads(await in_thread(run, ["kcat", "-L", "-J", "-b", f"127.0.0.1:{stack.ports['KAFKA_PORT']}"]))
    rooms = [topic for topic in listed["topics"] if topic["topic"].startswith("roomcast.room.")]
    assert len(rooms) >= 3 and all(len(topic["partitions"][0]["replicas"]) == 3 for topic in rooms), rooms
