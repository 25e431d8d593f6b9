"""The rows with Kafka and with a disk, each beside plain librdkafka or the bare disk in the same round."""

import json
import time

from .programs import outcome_of, say

TEXT_BYTES = 100
RATE = 100  # messages a second, for latency
JOIN_MESSAGES = 50
IMPORT_ROOMS = 20
INGEST_ROOMS = 100
INGEST_WARM_ROUNDS = 8
INGEST_TURNS = 3  # in each round, since each takes a second or two
# A broker that has just made 2,000 topics compiles and writes for itself; and by then each log has its first index entry, so
# that what a fetch looks through is what it is at the mean of a longer life.
ROOMS_WARM_S = 100
ROOM_WARM_S = 20
ROOMS_TURNS = 5  # since p99 of one hangs on whether something stops the broker for a tenth of a second
ROOMS_AGAIN_WARM_S = 10
SILENCE_S = 80  # in which members say nothing before it is measured: workers know silent rooms after 60 s at most
SILENT_S = 40  # a tick of 10 ms is 0.025 % of that
RECOVERY = {"rooms": 8, "receivers": 2, "rate": 200}
SETTLE_S = 4  # after a node came back: the group has shared out its slots again


class KafkaRows:
    """Each row by its name; `keep(name, outcome)` takes what was measured and gives it back."""

    def __init__(self, servers, options, keep):
        self.servers = servers
        self.options = options
        self.programs = servers.build / "bench"
        self.keep = keep
        self.imported_before = False
        self.ingested_before = False

    def client(self, *words):
        return outcome_of([self.programs / "roomcast-bench", "--ca", self.servers.ca, *words])

    def floor(self, *words):
        return outcome_of([self.programs / "floor-kafka", "--brokers", self.servers.brokers, "--text-bytes",
                           TEXT_BYTES, *words])

    def produce(self, lines):
        """Imports NDJSON from an open file."""
        program = self.servers.build / "producer/roomcast-produce"
        return outcome_of([program, "--brokers", self.servers.brokers], stdin=lines)

    def latency(self, number):
        seconds = ["--rate", RATE, "--seconds", self.options.seconds]
        watch = [word for name, pid in self.servers.pids().items() for word in ("--watch", f"{name}={pid}")]
        self.keep("latency floor", self.floor("latency", *seconds))
        self.keep("latency", self.client("latency", "--room-prefix", f"latency-{number}", "--from", self.servers.edge(1),
                                         "--to", self.servers.edge(2), "--text-bytes", TEXT_BYTES, *seconds, *watch))

    def local(self, number):
        seconds = ["--rate", RATE, "--seconds", self.options.seconds]
        watch = ["--watch", f"edge-local={self.servers.local.pid}"]
        floor = ["--dir", self.servers.local_dir, "--rate", RATE, "--seconds", self.options.seconds]
        self.keep("local floor", outcome_of([self.programs / "floor-disk", *floor]))
        self.keep("local", self.client("latency", "--room-prefix", f"local-{number}", "--from", self.servers.local_edge,
                                       "--to", self.servers.local_edge, "--text-bytes", TEXT_BYTES, *seconds, *watch))

    def lines(self, path, rooms, each):
        """Writes NDJSON for an import, round robin over the rooms."""
        with open(path, "w") as out:
            for n in range(each):
                for room in rooms:
                    text = f"{n} of {room} ".ljust(TEXT_BYTES, "x")
                    out.write(json.dumps({"room": room, "user": "bench", "text": text}) + "\n")

    def timed_import(self, path):
        with open(path) as lines:
            began = time.monotonic()
            counts = self.produce(lines)
            seconds = time.monotonic() - began
        return {**counts, "seconds": seconds, "per_s": counts["acked"] / seconds}

    def imports(self, _):
        """Into rooms that exist. What starting costs, which the floor leaves out, is told by an import of a line a room."""
        rooms = [f"import-{n}" for n in range(IMPORT_ROOMS)]
        small = self.options.dir / "import-start.ndjson"
        large = self.options.dir / "import.ndjson"
        if not self.imported_before:
            self.imported_before = True
            self.lines(small, rooms, 1)
            self.lines(large, rooms, self.options.import_lines // IMPORT_ROOMS)
            self.timed_import(small)
        floor = ["produce", "--topics", IMPORT_ROOMS, "--messages", self.options.import_lines]
        self.keep("import floor", self.floor(*floor))
        start = self.keep("import start", self.timed_import(small))
        whole = self.timed_import(large)
        self.keep("import", {**whole, "rate_per_s": whole["acked"] / max(0.001, whole["seconds"] - start["seconds"])})

    def joins(self, number):
        """Rooms that were imported and that nobody ever joined; then such that somebody is in, here or elsewhere."""
        count = self.options.join_rooms
        held = {"cold": [], "active": ["--held-at", self.servers.edge(1)],
                "here": ["--held-at", self.servers.edge(2), "--repeats", 3]}
        path = self.options.dir / "join.ndjson"
        self.lines(path, [f"join-{kind}-{number}-{n}" for kind in held for n in range(count)], JOIN_MESSAGES)
        self.timed_import(path)
        for kind, more in held.items():
            words = ["--url", self.servers.edge(2), "--room-prefix", f"join-{kind}-{number}", "--rooms", count]
            self.keep(f"join {kind}", self.client("join", *words, "--last", JOIN_MESSAGES, *more))

    def blow(self, name, node, signal, number):
        edges = [self.servers.edge(1), self.servers.edge(2)]
        words = ["recovery", "--room-prefix", f"{name.replace(' ', '-')}-{number}", "--from", *edges, "--to", *edges,
                 "--seconds", 5, "--after-s", 1, "--drain-s", 10, "--pid", self.servers.pids()[node], "--signal", signal]
        for key, value in RECOVERY.items():
            words += [f"--{key}", value]
        outcome = self.keep(name, self.client(*words))
        say(f"  {name}: {outcome['longest_gap_ms']:.0f} ms without messages")
        if signal == 19:
            self.servers.cluster("kill", node, "CONT")
        else:
            self.servers.cluster("restart", node)
        time.sleep(SETTLE_S)

    def crowd(self, *words):
        """roomcast-crowd at the first edge, with an eye on all processes."""
        watch = [word for name, pid in self.servers.pids().items() for word in ("--watch", f"{name}={pid}")]
        url = self.servers.edge(1)
        return outcome_of([self.programs / "roomcast-crowd", "--url", url, "--ca", self.servers.ca, *watch, *words])

    def ingest(self, number):
        """Some of each before it counts: a broker compiles for half a minute, and then takes up to four times as much."""
        size = ["--messages", self.options.ingest_messages]

        def floor():
            return self.floor("produce", "--topics", INGEST_ROOMS, *size)

        def ours(name):
            return self.crowd("ingest", "--room-prefix", name, "--rooms", INGEST_ROOMS, *size, "--text-bytes", TEXT_BYTES)
        if not self.ingested_before:
            self.ingested_before = True
            for _ in range(INGEST_WARM_ROUNDS):
                floor()
                ours("ingest-before")
        for turn in range(INGEST_TURNS):
            self.keep("ingest floor", floor())
            self.keep("ingest", ours(f"ingest-{number}-{turn}"))

    def rooms(self, number):
        """Many rooms with two members each and a message a second, and one, in turns. Then what many cost when all are silent,
        and then one with all these members: their connections' pings and the rooms' topics are not what is asked about."""
        many = self.options.rooms
        for turn in range(ROOMS_TURNS):
            for name, rooms, rate, warm_s in (("rooms", many, many, ROOMS_WARM_S), ("rooms one", 1, 100, ROOM_WARM_S)):
                words = [*self.named(name, number, rooms), "--receivers", 2, "--rate", rate]
                warm = ["--warmup-s", ROOMS_AGAIN_WARM_S if turn else warm_s]
                self.keep(name, self.crowd("fanout", *words, *warm, "--seconds", self.options.seconds))
        for name, rooms in (("rooms", many), ("rooms one", 1))[:: -1 if number % 2 else 1]:
            silent = ["--receivers", 2 * many // rooms, "--rate", 0, "--warmup-s", SILENCE_S, "--seconds", SILENT_S, "--drain-s", 0]
            self.keep(f"{name} idle", self.crowd("fanout", *self.named(name, number, rooms), *silent))

    @staticmethod
    def named(name, number, rooms):
        return ["--room-prefix", f"{name.replace(' ', '-')}-{number}", "--rooms", rooms]

    def recovery(self, number):
        self.blow("recovery worker", f"worker-{1 + number % 2}", 9, number)
        self.blow("recovery frozen", f"worker-{2 - number % 2}", 19, number)
        self.blow("recovery edge", f"edge-{1 + number % 2}", 9, number)
