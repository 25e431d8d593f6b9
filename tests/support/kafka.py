"""What the tests do to Kafka behind the servers' back: look by kcat, and two admin requests in Kafka's own protocol."""

import json
import socket
import struct
import subprocess

DELETE_TOPICS, DELETE_RECORDS = 20, 21
TIMEOUT_MS = 10_000


def topics(bootstrap):
    return [topic["topic"] for topic in _metadata(bootstrap)["topics"]]


def topic_of(bootstrap, epoch):
    """A room's topic has its epoch in its name."""
    found = [name for name in topics(bootstrap) if epoch in name]
    assert len(found) == 1, f"topics with the epoch {epoch}: {found}"
    return found[0]


def records(bootstrap, topic):
    """[(offset, key, value)] of all that a topic holds, by a plain consumer."""
    line = ["kcat", "-C", "-q", "-b", bootstrap, "-t", topic, "-o", "beginning", "-e", "-f", "%o\\x1f%k\\x1f%s\\x1e"]
    out = subprocess.run(line, capture_output=True, check=True, timeout=30).stdout.decode()
    rows = [row.split("\x1f") for row in out.split("\x1e") if row]
    return [(int(offset), key, value) for offset, key, value in rows]


def delete_topic(bootstrap, topic):
    body = struct.pack("!i", 1) + _string(topic) + struct.pack("!i", TIMEOUT_MS)
    answer = _ask(_controller(bootstrap), DELETE_TOPICS, 1, body)
    (error,) = struct.unpack("!h", answer[-2:])
    assert error == 0, f"DeleteTopics of {topic}: error {error}"


def delete_records(bootstrap, topic, before_offset):
    """Moves the topic's start, as retention would; gives the new first offset."""
    body = (struct.pack("!i", 1) + _string(topic) + struct.pack("!iiq", 1, 0, before_offset) + struct.pack("!i", TIMEOUT_MS))
    answer = _ask(_leader(bootstrap, topic), DELETE_RECORDS, 0, body)
    _, low, error = struct.unpack("!iqh", answer[-14:])
    assert error == 0, f"DeleteRecords of {topic}: error {error}"
    return low


def _metadata(bootstrap):
    out = subprocess.run(["kcat", "-L", "-J", "-b", bootstrap], capture_output=True, check=True, timeout=30).stdout
    return json.loads(out)


def _address(metadata, broker_id):
    host, port = next(broker["name"] for broker in metadata["brokers"] if broker["id"] == broker_id).rsplit(":", 1)
    return host, int(port)


def _controller(bootstrap):
    metadata = _metadata(bootstrap)
    return _address(metadata, metadata["controllerid"])


def _leader(bootstrap, topic):
    metadata = _metadata(bootstrap)
    partitions = next(row["partitions"] for row in metadata["topics"] if row["topic"] == topic)
    return _address(metadata, partitions[0]["leader"])


def _string(text):
    data = text.encode()
    return struct.pack("!h", len(data)) + data


def _ask(address, api, version, body):
    """One request with header version 1; gives the answer behind its correlation id."""
    request = struct.pack("!hhi", api, version, 7) + _string("roomcast-tests") + body
    with socket.create_connection(address, timeout=TIMEOUT_MS / 1000 + 5) as connection:
        connection.sendall(struct.pack("!i", len(request)) + request)
        reader = connection.makefile("rb")
        (size,) = struct.unpack("!i", reader.read(4))
        answer = reader.read(size)
    assert answer[:4] == struct.pack("!i", 7)
    return answer[4:]
