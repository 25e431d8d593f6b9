"""Local mode over its end: what was acked is there afterwards, however it ended. (The cluster's ends are in tests/cluster.)"""

import asyncio
import json
import pathlib
import signal
import ssl
import subprocess

import pytest
from support.roomlog import assert_exact
from support.servers import PRODUCE, REPLAY, ROOT
from support.waiting import eventually, wait_until
from support.wsclient import Closed, Crowd, Refused, unique

RESTARTING = 1012


@pytest.fixture
def crowd(own_server):
    return Crowd(own_server)


async def talk_until_cut(client, room, in_flight=64):
    """Sends without end; gives the outcome of each message by its id: an ack, Refused or Closed."""
    futures, gate = {}, asyncio.Semaphore(in_flight)
    while not client.on_close.is_set():
        await gate.acquire()
        id = client.new_id()
        try:
            future = await client.start_request(type="message", room=room, id=id, text=f"text of {id}")
        except Closed:
            break
        future.add_done_callback(lambda _: gate.release())
        futures[id] = future
    outcomes = await asyncio.gather(*futures.values(), return_exceptions=True)
    return dict(zip(futures, outcomes))


def acked(outcomes):
    return {id: outcome["seq"] for id, outcome in outcomes.items() if isinstance(outcome, dict)}


async def whole_room(crowd, room):
    """Every message of the room, by paging, as id: seq."""
    reader = await crowd.connect()
    epoch = (await reader.join(room, last=0))["epoch"]
    found, after = {}, -1
    while True:
        page = await reader.history(room, after=after, limit=200)
        for message in page["messages"]:
            assert message["id"] not in found, "shown twice"
            found[message["id"]] = message["seq"]
        if not page["more"]:
            return found, epoch
        after = page["messages"][-1]["seq"]


async def under_load(own_server, crowd, number):
    """Sends from four clients until the server ends by the signal; gives the outcomes and the room's epoch."""
    room = unique("durable")
    clients = [await crowd.connect() for _ in range(4)]
    joins = [await client.join(room) for client in clients]
    talking = [asyncio.create_task(talk_until_cut(client, room)) for client in clients]
    await clients[0].saw(room, count=500)
    own_server.signal(number)
    outcomes = {}
    for task in talking:
        outcomes |= await task
    await asyncio.to_thread(own_server.wait_end)
    await asyncio.to_thread(own_server.start)
    return room, clients, outcomes, joins[0]["epoch"]


async def test_everything_acked_survives_kill_9(own_server, crowd):
    room, clients, outcomes, epoch = await under_load(own_server, crowd, signal.SIGKILL)
    kept, epoch_now = await whole_room(crowd, room)
    assert epoch_now == epoch
    was_acked = acked(outcomes)
    assert len(was_acked) >= 100
    assert {id: kept.get(id) for id in was_acked} == was_acked, "each under the seq of its ack"
    # What was seen live was durable too.
    assert set(clients[0].log(room).ids) <= set(kept)
    # And those of unknown fate can be sent again.
    back = await crowd.connect(token=clients[0].token, logs=clients[0].logs)
    assert (await back.resume(room))["recovered"] is True
    await back.say(room, "end", id="end")
    assert_exact(await back.saw(room, id="end"), [*kept, "end"])


async def test_sigterm_leaves_nothing_unknown(own_server, crowd):
    room, clients, outcomes, _ = await under_load(own_server, crowd, signal.SIGTERM)
    assert {client.close_code for client in clients} == {RESTARTING}
    refusals = [outcome for outcome in outcomes.values() if isinstance(outcome, Refused)]
    assert {refusal.code for refusal in refusals} <= {"restarting"}
    assert all(refusal.retry_after_ms for refusal in refusals)
    kept, _ = await whole_room(crowd, room)
    assert kept == acked(outcomes), "acked is kept; refused, or unanswered when 1012 came, is not"


async def test_the_process_ends_with_status_0_and_soon(own_server, crowd):
    await crowd.connect(room=unique("idle"))
    own_server.signal(signal.SIGTERM)
    assert await asyncio.to_thread(own_server.wait_end, 15) == 0


async def test_a_second_sigterm_does_not_hurt(own_server, crowd):
    await crowd.connect(room=unique("idle"))
    own_server.signal(signal.SIGTERM)
    own_server.signal(signal.SIGTERM)
    assert await asyncio.to_thread(own_server.wait_end, 15) in (0, -signal.SIGTERM)


async def test_repeats_are_known_after_a_restart(own_server, crowd):
    room = unique("again")
    client = await crowd.connect()
    await client.join(room)
    first = await client.say(room, "once", id="c1")
    own_server.kill()
    own_server.start()
    back = await crowd.connect(token=client.token, logs=client.logs)
    await back.resume(room)
    assert (await back.say(room, "once", id="c1"))["seq"] == first["seq"]
    await back.say(room, "end", id="end")
    assert (await back.saw(room, id="end")).ids == ["c1", "end"]


async def test_two_servers_do_not_share_one_log(own_server):
    """A second one over the same data ends at once, with a line that says why."""
    flags = [str(word) for word in own_server.command]
    flags[flags.index("--port") + 1] = "0"
    flags[flags.index("--metrics-port") + 1] = "0"
    second = subprocess.run(flags, capture_output=True, text=True, timeout=20)
    assert second.returncode != 0
    assert second.stderr.strip()


async def test_replay_and_produce_work_on_the_log_of_a_stopped_server(own_server, crowd):
    room, texts = unique("offline"), ["one", "два\nline", "three \U0001F600"]
    client = await crowd.connect()
    await client.join(room)
    await client.say_all(room, texts)
    own_server.stop()
    local = ["--local", "--data-dir", own_server.data_dir]

    def replay(*flags):
        done = subprocess.run([REPLAY, room, *local, *flags], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    shown = replay()
    assert [message["text"] for message in shown] == texts
    assert set(shown[0]) == {"type", "room", "seq", "id", "user", "text", "time"}
    seqs = [message["seq"] for message in shown]
    assert [message["text"] for message in replay("--from-seq", str(seqs[1]), "--to-seq", str(seqs[1]))] == [texts[1]]

    lines = [{"room": room, "user": "importer", "text": "four", "id": "p4"}, {"room": unique("fresh"), "user": "i", "text": "x"}]
    done = subprocess.run([PRODUCE, *local], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"sent": 2, "acked": 2, "failed": 0}

    own_server.start()
    back = await crowd.connect()
    assert [message["text"] for message in (await back.join(room))["messages"]] == [*texts, "four"]


def shown_certificate(edge):
    return ssl.get_server_certificate(("127.0.0.1", edge.port))


async def test_a_renewed_certificate_is_taken_up_on_sighup_and_no_session_ends(own_server, crowd):
    room = unique("renewal")
    client = await crowd.connect()
    await client.join(room)
    old = await asyncio.to_thread(shown_certificate, own_server.edge)
    certs = own_server.jwt_secret.parent
    (certs / "server.pem").unlink()
    subprocess.run([ROOT / "certs/make-certs", "--dir", certs], check=True, stdout=subprocess.DEVNULL)
    own_server.signal(signal.SIGHUP)
    await eventually(lambda: shown_certificate(own_server.edge) != old, "the new certificate is shown")
    await client.say(room, "the old session goes on")
    newcomer = await crowd.connect()
    await newcomer.join(room)
    await newcomer.say(room, "and new ones come")
    await client.saw(room, count=2)


async def test_a_certificate_that_cannot_be_used_leaves_the_old_one_in_place(own_server, crowd):
    certs = own_server.jwt_secret.parent
    old = await asyncio.to_thread(shown_certificate, own_server.edge)
    (certs / "server.pem").write_text("this is no certificate\n")
    own_server.signal(signal.SIGHUP)
    await eventually(lambda: "certificate_not_reloaded" in own_server.logs[0].read_text(), "the refusal is logged")
    assert await asyncio.to_thread(shown_certificate, own_server.edge) == old


def test_its_threads_have_the_names_that_operators_look_for(own_server):
    tasks = pathlib.Path(f"/proc/{own_server.process.pid}/task")
    wanted = {"roomcast-edge", "shard-0", "shard-1", "sqlite", "operators", "bcrypt"}
    wait_until(lambda: wanted <= {(task / "comm").read_text().strip() for task in tasks.iterdir()}, f"threads are {wanted}")
