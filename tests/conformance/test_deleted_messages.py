"""A message that the owner deleted is hidden by roomcast-replay too, as it is from live and history (test_owner.py)."""

import json
import subprocess

from support.people import account
from support.servers import REPLAY
from support.waiting import wait_until
from support.wsclient import unique


def replayed(server, room, *flags):
    where = server.kafka_flags if server.mode == "cluster" else ["--local", "--data-dir", server.data_dir]
    words = [str(word) for word in (REPLAY, room, *flags, *where)]
    done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_deleted_message_is_not_replayed(server, edge):
    owner, words = account(edge, "owner"), unique("regrettable")
    room = owner.opens()
    said = [owner.does("POST", f"/rooms/{room}/messages", {"text": text})["seq"] for text in ("one", words, "three")]
    assert [message["text"] for message in replayed(server, room)] == ["one", words, "three"]
    owner.does("DELETE", f"/rooms/{room}/messages/{said[1]}")
    wait_until(lambda: words not in str(replayed(server, room)), "it is hidden", within=20)
    shown = [message["seq"] for message in replayed(server, room) if "deletes" not in message]
    assert shown == [said[0], said[2]]
    for flags in (["--from-seq", said[1]], ["--from-seq", said[1], "--to-seq", said[1]], ["--to-seq", said[2]]):
        assert words not in str(replayed(server, room, *flags)), flags
