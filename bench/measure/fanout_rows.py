"""Fan-out over TLS beside Nchan and the floor: CPU, latency, memory, joins."""

import contextlib
import dataclasses
import json
import os
import subprocess

from .programs import say
from .rivals import have_nchan
from .slices import have_slices, sliced

LARGE = {"receivers": 1000, "rate": 50}
BUSY = {"receivers": 100, "rate": 2000}
BUSY_OTHERS = {"receivers": 100, "rate": 1000}
MOST_P99_MS = 50
LARGE_TURNS = 2  # in each round, of five seconds: p99 hangs on two or three messages
SLOW_TURNS = 5  # for the same reason; the first of two may be the lucky one, so they take turns in that too
IDLE = 10_000
STORM = 5_000
STORM_WITNESSES = {"receivers": 20, "rate": 50}


def words_of(load):
    return [word for key, value in load.items() for word in (f"--{key}", value)]


@dataclasses.dataclass
class Search:
    """For the most deliveries a second: where it begins, how it goes on, and how many failures in a row end it."""

    receivers: int = 500
    first: int = 30_000
    step: float = 1.2
    failures: int = 2


SLICED_SEARCH = Search(receivers=100, first=200_000, step=1.1, failures=3)  # a message for each fits into a slice


class FanoutRows:
    """Each row by its name; `keep(name, outcome)` takes what was measured."""

    def __init__(self, rivals, options, keep):
        self.rivals = rivals
        self.options = options
        self.keep = keep

    def others(self):
        """Floor first, then Nchan where it is installed."""
        yield "floor", self.rivals.floor
        if have_nchan():
            yield "nchan", self.rivals.nchan
        else:
            say("no Nchan here (scripts/deps bench): left out")

    def seconds(self):
        return ["--seconds", self.options.fanout_seconds]

    def compared(self, row, load, others, *words):
        for name, start in self.others():
            with start() as rival:
                self.keep(f"{row} {name}", rival.crowd("fanout", *words_of(others), *self.seconds(), *words), judged=False)
        with self.rivals.roomcast(*self.options.edge_flags) as rival:
            self.keep(row, rival.crowd("fanout", *words_of(load), *self.seconds(), *words))

    def fanout(self, _):
        for _turn in range(LARGE_TURNS):
            self.compared("fanout", LARGE, LARGE)
        with self.rivals.roomcast(*self.options.edge_flags, "--coalesce-us", 0) as rival:
            self.keep("fanout at once", rival.crowd("fanout", *words_of(LARGE), *self.seconds()))

    def chance(self, _):
        self.compared("chance", LARGE, LARGE, "--at-random")

    def busy(self, _):
        self.compared("busy", BUSY, BUSY_OTHERS)

    def most_of(self, start, search):
        """The most deliveries a second that come with p99 within bounds."""
        wanted, failures, best = search.first, 0, {"deliveries_per_s": 0}
        with start() as rival:
            while failures < search.failures:
                rate = wanted / search.receivers
                words = ["--receivers", search.receivers, "--rate", rate, "--seconds", 2, "--warmup-s", 0.5, "--drain-s", 3]
                got = rival.crowd("fanout", *words)
                good = got["lost"] == 0 and got["latency"]["p99_ms"] <= MOST_P99_MS and got["latency"]["count"] > 0
                say(f"  {rival.name}: {wanted:,.0f}/s wanted, p99 {got['latency']['p99_ms']:.1f} ms, "
                    f"client {got['client_cpu_share']:.0%} busy")
                failures = 0 if good else failures + 1
                if good:
                    best = got
                wanted *= search.step
        return best

    def most(self, _):
        if have_nchan():
            self.keep("most nchan", self.most_of(self.rivals.nchan, Search()), judged=False)
        self.keep("most", self.most_of(lambda: self.rivals.roomcast(*self.options.edge_flags), Search()))

    def memory(self, _):
        words = ["fanout", "--receivers", IDLE, "--rate", 0, "--warmup-s", 0, "--seconds", 4, "--drain-s", 0]
        if have_nchan():
            with self.rivals.nchan() as rival:
                self.keep("memory nchan", rival.crowd(*words), judged=False)
        with self.rivals.roomcast(*self.options.edge_flags) as rival:
            self.keep("memory", rival.crowd(*words))

    def storm(self, number):
        words = ["--receivers", STORM, "--rate", 0, "--warmup-s", 0, "--seconds", 0.5, "--drain-s", 0]
        with self.rivals.floor() as rival:
            self.keep("storm floor", rival.crowd("--at-once", 128, "fanout", *words, "--only-tls"), judged=False)
        with self.rivals.roomcast(*self.options.edge_flags) as rival:
            witness = subprocess.Popen([str(word) for word in rival.command(
                "fanout", "--room-prefix", "witness", *words_of(STORM_WITNESSES), "--seconds", 12, "--warmup-s", 0.5)],
                stdout=subprocess.PIPE, text=True)
            crowd = rival.crowd("--at-once", 128, "fanout", "--room-prefix", f"storm-{number}", *words)
            seen = json.loads(witness.communicate()[0].strip().splitlines()[-1])
            self.keep("storm", {**crowd, "witness": seen})

    def shards(self, _):
        """Twice the cores give twice the deliveries as far as a delivery costs no more there. That shows on two cores too."""
        for count in (1, 2):
            with self.rivals.roomcast(*self.options.edge_flags, "--shards", count, "--coalesce-us", 0) as rival:
                self.keep(f"shards cost {count}", rival.crowd("fanout", *words_of(LARGE), *self.seconds()))
        if (os.cpu_count() or 1) >= 4:
            for count in (1, 2):
                self.keep(f"shards {count}", self.most_of(lambda n=count: self.rivals.roomcast("--shards", n), Search()))
        elif have_slices():
            for count in (1, 2):
                most = self.most_of(lambda n=count: self.sliced_roomcast(n), SLICED_SEARCH)
                self.keep(f"shards sliced {count}", most)
        else:
            say("  two shards and their clients need four cores or CPU quotas: only what a delivery costs was measured")

    @contextlib.contextmanager
    def sliced_roomcast(self, shards):
        """An edge that may use a quarter of a core for each shard, so that two cores are enough for its clients too."""
        with self.rivals.roomcast("--shards", shards) as rival, sliced(rival.pid, shards):
            yield rival

    def slow(self, _):
        pair = (("slow without", 0), ("slow", 1))
        for name, slow in [each for turn in range(SLOW_TURNS) for each in (pair if turn % 2 == 0 else pair[::-1])]:
            with self.rivals.roomcast(*self.options.edge_flags) as rival:
                self.keep(name, rival.crowd("fanout", *words_of(LARGE), "--slow", slow, *self.seconds()))
