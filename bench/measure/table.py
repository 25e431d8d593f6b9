"""What was measured as one table: each figure beside its baseline, with the aim and whether it is met."""

import dataclasses
import statistics

from .kafka_rows import JOIN_MESSAGES

LARGE_LOAD = "1,000 receivers × 50/s"
LATENCY_AIMS = {"latency": {"p50_ms": 0.7, "p99_ms": 2.0}, "local": {"p50_ms": 1.0, "p99_ms": 3.0}}


@dataclasses.dataclass
class Row:
    """A line of the table. `met` is None where there is no aim."""

    what: str
    floor: str
    roomcast: str
    compared: str = ""
    aim: str = ""
    met: bool | None = None

    def __str__(self):
        verdict = {True: "met", False: "**missed**", None: ""}[self.met]
        return f"| {self.what} | {self.floor} | {self.roomcast} | {self.compared} | {self.aim} | {verdict} |"


def median(outcomes, *keys):
    def value(outcome):
        for key in keys:
            outcome = outcome[key]
        return outcome
    return statistics.median(value(outcome) for outcome in outcomes)


def most(what, ours, theirs, unit, at_most, name, digits=2):
    """A row whose aim is at most so many times the baseline's."""
    ratio = ours / max(theirs, 1e-9)
    return Row(what, f"{theirs:.{digits}f} {unit} ({name})", f"{ours:.{digits}f} {unit}", f"× {ratio:.2f}", f"≤ × {at_most}",
               ratio <= at_most)


def least(what, ours, theirs, unit, at_least, name):
    ratio = ours / max(theirs, 1e-9)
    return Row(what, f"{theirs:,.0f}{unit} ({name})", f"{ours:,.0f}{unit}", f"× {ratio:.2f}", f"≥ × {at_least}",
               ratio >= at_least)


def spread(outcomes):
    return ", ".join(" / ".join(f"{one['latency'][key]:.1f}" for key in ("p50_ms", "p99_ms", "p999_ms")) for one in outcomes)


def fanout_rows(kept):
    cpu = ("server", "cpu_us_per_delivery")
    for name, what in (("fanout", LARGE_LOAD), ("chance", f"{LARGE_LOAD} at random moments")):
        if name not in kept:
            continue
        ours = kept[name]
        if f"{name} nchan" in kept:
            theirs = kept[f"{name} nchan"]
            yield most(f"{what}: CPU a delivery", median(ours, *cpu), median(theirs, *cpu), "µs", 0.62, "Nchan")
            yield most(f"{what}: p99", median(ours, "latency", "p99_ms"), median(theirs, "latency", "p99_ms"), "ms", 1,
                       "Nchan")
        yield most(f"{what}: CPU a delivery", median(ours, *cpu), median(kept[f"{name} floor"], *cpu), "µs", 1.15,
                   "SSL_write")
        yield Row(f"{what}: p50 / p99 / p99.9 of each round", "", spread(ours) + " ms")
    if "fanout" in kept:
        what = LARGE_LOAD
        at_once = kept["fanout at once"]
        yield Row(f"{what}, --coalesce-us 0: CPU a delivery", "", f"{median(at_once, *cpu):.2f} µs")
        yield Row(f"{what}, --coalesce-us 0: p50 / p99 / p99.9 of each round", "", spread(at_once) + " ms")
    if "busy" in kept:
        what, ours = "100 receivers × 2,000/s", kept["busy"]
        if "busy nchan" in kept:
            yield most(f"{what}: CPU a delivery, others at 1,000/s", median(ours, *cpu), median(kept["busy nchan"], *cpu),
                       "µs", 0.25, "Nchan")
        yield Row(f"{what}: the same", f"{median(kept['busy floor'], *cpu):.2f} µs (SSL_write)",
                  f"{median(ours, *cpu):.2f} µs")
        p99, lost = median(ours, "latency", "p99_ms"), sum(one["lost"] for one in ours)
        yield Row(f"{what}: p99; lost", "", f"{p99:.1f} ms; {lost}", "", "≤ 12 ms; 0", p99 <= 12 and lost == 0)
    if "most" in kept and "most nchan" in kept:
        yield least("most deliveries a second, p99 ≤ 50 ms", median(kept["most"], "deliveries_per_s"),
                    median(kept["most nchan"], "deliveries_per_s"), "/s", 4, "Nchan")
        if max(one["client_cpu_share"] for one in kept["most"]) > 0.9:
            yield Row("of that: the client was at its own limit", "", "so Roomcast's is at least this")
    if "memory" in kept:
        ours = median(kept["memory"], "server", "rss_kib_per_connection")
        theirs = kept.get("memory nchan")
        yield Row("memory for an idle connection in a room, 10,000 of them",
                  f"{median(theirs, 'server', 'rss_kib_per_connection'):.1f} KiB (Nchan)" if theirs else "",
                  f"{ours:.1f} KiB", "", "≤ 18 KiB", ours <= 18)


def storm_rows(kept):
    if "storm" in kept:
        ours, floor = kept["storm"], kept["storm floor"]
        yield least("5,000 clients accept, TLS and join", median(ours, "joins_per_s"), median(floor, "joins_per_s"), "/s",
                    0.8, "bare TLS accept")
        cpu = ("server", "cpu_us_per_join")
        yield Row("the same: server CPU for each", f"{median(floor, *cpu):.0f} µs", f"{median(ours, *cpu):.0f} µs")
        p99 = median(ours, "witness", "latency", "p99_ms")
        yield Row("p99 for those there during it", "", f"{p99:.1f} ms", "", "≤ 100 ms", p99 <= 100)
    if "shards cost 2" in kept:
        cpu = ("server", "cpu_us_per_delivery")
        yield most(f"{LARGE_LOAD}, --coalesce-us 0, 2 shards: CPU a delivery", median(kept["shards cost 2"], *cpu),
                   median(kept["shards cost 1"], *cpu), "µs", 1.11, "1 shard")
    if "shards 2" in kept:
        yield least("deliveries a second, 2 shards", median(kept["shards 2"], "deliveries_per_s"),
                    median(kept["shards 1"], "deliveries_per_s"), "/s", 1.8, "1 shard")
    if "shards sliced 2" in kept:
        yield least("deliveries a second, p99 ≤ 50 ms, a quarter of a core for each of 2 shards",
                    median(kept["shards sliced 2"], "deliveries_per_s"), median(kept["shards sliced 1"], "deliveries_per_s"),
                    "/s", 1.8, "1 shard")
    if "slow" in kept:
        yield most("p99 with 1 slow reader among 1,000", median(kept["slow"], "latency", "p99_ms"),
                   median(kept["slow without"], "latency", "p99_ms"), "ms", 1.1, "without it")
        grown = median(kept["slow"], "server", "rss_kib") - median(kept["slow without"], "server", "rss_kib")
        yield Row("the same: memory", "", f"{grown:+,.0f} KiB")


def people_rows(kept):
    for name, what in (("logins", "log in again"), ("hashes", "register, by bcrypt")):
        if name in kept:
            rate = median(kept[name], "per_s")
            yield most(f"p99 of messages while {rate:,.0f} people a second {what}", median(kept[name], "latency", "p99_ms"),
                       median(kept["logins without"], "latency", "p99_ms"), "ms", 2, "nobody does")
    if "presence" in kept:
        cpu = ("server", "cpu_us_per_join")
        alone, ours = median(kept["presence without"], *cpu), median(kept["presence"], *cpu)
        yield Row("1,000 join one room: server CPU for each", f"{alone:.0f} µs (a room for each)", f"{ours:.0f} µs",
                  f"{ours - alone:+.0f} µs")
        yield Row("the same: joins a second", f"{median(kept['presence without'], 'joins_per_s'):,.0f}/s",
                  f"{median(kept['presence'], 'joins_per_s'):,.0f}/s")


def latency_rows(kept, what, name, floors):
    for key, aim in LATENCY_AIMS[name].items():
        ours = median(kept[name], "latency", key)
        for label, path in floors:
            floor = median(kept[f"{name} floor"], path, key)
            counts = (label, path) == floors[0]  # the first one is what the aim is about
            yield Row(f"{what}, {key[:3]}", f"{floor:.2f} ms ({label})", f"{ours:.2f} ms", f"{ours - floor:+.2f} ms",
                      f"≤ +{aim} ms" if counts else "", ours - floor <= aim if counts else None)
    rounds = [[f"{one['latency'][key]:.2f}" for key in ("p50_ms", "p99_ms", "p999_ms")] for one in kept[name]]
    yield Row(f"{what}, p50 / p99 / p99.9 of each round", "", ", ".join(" / ".join(one) for one in rounds) + " ms")
    acks = [median(kept[name], "ack_latency", key) for key in ("p50_ms", "p99_ms")]
    yield Row(f"{what}, of that send → ack", "", f"p50 {acks[0]:.2f} ms, p99 {acks[1]:.2f} ms")
    used = {process: median(kept[name], "processes", process, "cpu_us_per_delivery")
            for process in kept[name][0]["processes"]}
    yield Row(f"{what}, CPU µs a message", "", ", ".join(f"{process} {cpu_us:.0f}" for process, cpu_us in used.items()))


def kafka_rows(kept):
    if "latency" in kept:
        yield from latency_rows(kept, "send → delivered through Kafka", "latency", [("librdkafka", "latency")])
    if "local" in kept:
        yield from latency_rows(kept, "send → delivered in local mode", "local",
                                [("SQLite commit", "sqlite"), ("fdatasync", "fdatasync")])
    if "ingest" in kept:
        yield least("ingest from wss clients, 100 rooms", median(kept["ingest"], "per_s"),
                    median(kept["ingest floor"], "per_s"), "/s", 0.7, "librdkafka")
    if "rooms" in kept:
        yield most("p99 of many rooms, 2 members, 1/s each", median(kept["rooms"], "latency", "p99_ms"),
                   median(kept["rooms one"], "latency", "p99_ms"), "ms", 3, "one room, 100/s")
        used = {name: (median(kept["rooms one idle"], "processes", name, "cpu_share"),
                       median(kept["rooms idle"], "processes", name, "cpu_share"))
                for name in kept["rooms idle"][0]["processes"]}
        yield Row("CPU when nobody says anything: one room → many, the same members", "",
                  ", ".join(f"{name} {one:.2%} → {many:.2%}" for name, (one, many) in used.items()),
                  ", ".join(f"{100 * (many - one):+.2f}" for one, many in used.values()) + " %")
    if "import" in kept:
        ours, floor = median(kept["import"], "rate_per_s"), median(kept["import floor"], "per_s")
        yield least("import", ours, floor, "/s", 0.6, "librdkafka")
        whole, start = median(kept["import"], "per_s"), median(kept["import start"], "seconds")
        yield Row("import, with the program's start", "", f"{whole:,.0f}/s, start {start:.2f} s", f"× {whole / floor:.2f}")
    joins = {"here": ("active at this edge", 2), "active": ("active at another edge", 2), "cold": ("cold", 30)}
    for kind, (where, aim) in joins.items():
        if f"join {kind}" in kept:
            ours, tail = (median(kept[f"join {kind}"], "latency", key) for key in ("p50_ms", "p99_ms"))
            yield Row(f"join with {JOIN_MESSAGES} messages, room {where}", "", f"{ours:.2f} ms, p99 {tail:.1f} ms", "",
                      f"≤ {aim} ms", ours <= aim)
    blows = {"worker": "a worker is killed (-9)", "frozen": "a worker is frozen (SIGSTOP)", "edge": "an edge is killed (-9)"}
    for name, what in blows.items():
        if f"recovery {name}" in kept:
            gaps = [outcome["longest_gap_ms"] for outcome in kept[f"recovery {name}"]]
            aim, met = ("", None) if name == "edge" else ("< 1 s", max(gaps) < 1000)
            yield Row(f"longest time without messages when {what}", "", ", ".join(f"{gap:.0f} ms" for gap in gaps), "", aim,
                      met)


def table(kept):
    rows = [*fanout_rows(kept), *storm_rows(kept), *people_rows(kept), *kafka_rows(kept)]
    return "| what | floor | Roomcast | compared | aim | |\n|---|---|---|---|---|---|\n" + "\n".join(map(str, rows))
