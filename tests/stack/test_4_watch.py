"""What operators see: every node in Prometheus, every panel with data, and the load test's own verdict."""

import json
import re

import pytest
from support.stack import sources
from support.waiting import eventually, wait_until


@pytest.fixture(scope="module")
def load(stack):
    """`make load` with few users, while the module's tests look."""
    import subprocess

    from support.servers import ROOT
    command = ["make", "load", "USERS=40", "ROOMS=4", "RATE=20", "DURATION_S=45", f"LOAD_DIR={ROOT}/build/tests/load"]
    command += [f"{name}={value}" for name, value in stack.settings.items()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(30)


def test_every_edge_and_worker_is_scraped(stack, load):
    def jobs():
        targets = stack.prometheus_api("targets?state=active")["activeTargets"]
        return sorted(target["labels"]["job"] for target in targets if target["health"] == "up")
    wait_until(lambda: jobs() == ["disk", "edge", "edge", "prometheus", "worker", "worker"], "all targets are up", 60)


def queries(board):
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize("file", ["operations.json", "room.json"])
def test_every_panel_has_data(stack, load, file):
    board = json.loads((sources("monitoring") / "grafana/dashboards" / file).read_text())

    def rooms():
        """Those that people talk in: rooms of earlier tests may still be shown, and have nobody."""
        return sorted({labels["room"] for labels, _ in stack.prometheus(
            "sum by (room) (rate(roomcast_room_records_total[1m])) > 0 and sum by (room) (roomcast_room_members) > 0")})
    room = wait_until(rooms, "a room in use", 60)[0]
    busy = {"Messages", "Members"} if file == "room.json" else {"Sessions", "Messages"}

    def lacking():
        """The panels without data, and those at zero that the load has to move: it takes some seconds to begin."""
        shown = [(title, expr, stack.prometheus(expr.replace("$room", room))) for title, expr in queries(board)]
        moving = {title for title, _, rows in shown if any(value > 0 for _, value in rows)}
        return [(title, expr) for title, expr, rows in shown if not rows] + sorted(busy - moving)
    left = []

    def all_have_data():
        left[:] = lacking()
        return not left
    try:
        wait_until(all_have_data, "every panel has data", 45)
    finally:
        assert not left, left


def test_a_certificate_that_is_in_use_says_until_when(stack):
    shown = {(labels["certificate"], labels["job"]) for labels, left in stack.prometheus(
        "roomcast_certificate_expiry_timestamp_seconds - time() > 86400 * 300")}
    assert shown == {("server", "edge"), ("link", "edge"), ("link", "worker")}


def test_the_brokers_disk_is_watched(stack):
    ((labels, free),) = stack.prometheus("roomcast:log_disk:free_ratio")
    assert labels["mountpoint"] == "/kafka" and 0 < free < 1


def test_the_load_test_finds_nothing_lost_and_nothing_doubled(stack, load, report):
    said, _ = load.communicate(timeout=240)
    assert load.returncode == 0, said[-4000:]
    log = (sources("build") / "tests/load/log").read_text()
    verdict = re.search(r"(\d+) messages acknowledged, (\d+) shown .*: 0 lost, 0 doubled, 0 out of order, 0 stays not recovered", log)
    assert verdict and int(verdict[1]) > 100 and int(verdict[2]) > int(verdict[1]), log[-2000:]
    report("stack: load: " + verdict[0])
    for row in ("delivery", "ack", "join", "come back", "history"):
        assert re.search(rf"ws\s+{row}\s", said), f"no row {row}:\n{said[-4000:]}"
    assert "<html" in (sources("build") / "tests/load/report.html").read_text()
