"""What one client saw of one room, and the checks that the delivery contract asks for."""

import dataclasses
import time


@dataclasses.dataclass(frozen=True)
class Seen:
    seq: int
    id: str
    user: str
    text: str
    at: float  # our clock, when it came


class RoomLog:
    """Every message that a client was shown in a room, in the order of its coming. Nothing is filtered here, so that a
    message shown twice is in it twice."""

    def __init__(self):
        self.epoch = None
        self.last = None  # up to where the client has everything
        self.seen = []
        self.restarts = []  # reasons of recovered: false

    def on_joined(self, frame):
        if frame.get("recovered") is False:
            # A fresh view: what was seen before belongs to a story that does not go on.
            self.restarts.append(frame.get("reason"))
            self.seen = []
        self.epoch = frame["epoch"]
        for message in frame["messages"]:
            self.on_message(message)
        self.last = frame["last"]

    def on_message(self, frame):
        self.seen.append(Seen(frame["seq"], frame["id"], frame["user"], frame["text"], time.monotonic()))
        self.last = frame["seq"]

    @property
    def seqs(self):
        return [message.seq for message in self.seen]

    @property
    def ids(self):
        return [message.id for message in self.seen]

    @property
    def texts(self):
        return [message.text for message in self.seen]

    @property
    def pairs(self):
        return [(message.seq, message.id) for message in self.seen]

    def longest_gap_s(self, since, until):
        """The longest time without a message between two moments of our clock."""
        moments = [since, *(message.at for message in self.seen if since < message.at < until), until]
        return max(later - earlier for earlier, later in zip(moments, moments[1:]))


def assert_rising(log, who=""):
    for earlier, later in zip(log.seen, log.seen[1:]):
        assert earlier.seq < later.seq, f"{who}: seq {later.seq} ({later.id}) came after {earlier.seq} ({earlier.id})"


def assert_exact(log, ids, who=""):
    """Each of the ids once, nothing else, in rising seq."""
    assert_rising(log, who)
    seen, wanted = log.ids, set(ids)
    doubles = {id for id in seen if seen.count(id) > 1} if len(seen) != len(set(seen)) else set()
    assert not doubles, f"{who}: shown more than once: {sorted(doubles)[:5]}"
    missing, foreign = wanted - set(seen), set(seen) - wanted
    assert not missing, f"{who}: {len(missing)} of {len(wanted)} missing, such as {sorted(missing)[:5]}"
    assert not foreign, f"{who}: {len(foreign)} that nobody sent, such as {sorted(foreign)[:5]}"


def assert_same(logs):
    """Everyone saw the same (seq, id) pairs, in the same order."""
    (first_name, first), *others = logs.items()
    for name, log in others:
        if log.pairs != first.pairs:
            where = next((i for i, (a, b) in enumerate(zip(first.pairs, log.pairs)) if a != b),
                         min(len(first.pairs), len(log.pairs)))
            raise AssertionError(f"{first_name} ({len(first.pairs)}) and {name} ({len(log.pairs)}) differ from message {where}: "
                                 f"{first.pairs[where:where + 2]} and {log.pairs[where:where + 2]}")
