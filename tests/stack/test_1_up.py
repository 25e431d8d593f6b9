"""What `make up` promises before anybody talks."""

import json
import re
import socket

import pytest
from support.stack import Failed, Stack, docker, health, inspect, run, sources


def test_up_says_where_things_are_when_all_is_healthy(stack):
    assert "everything is healthy" in stack.said
    for port in ("NGINX_PORT", "EDGE1_PORT", "EDGE2_PORT", "PROMETHEUS_PORT", "KAFKA_PORT"):
        assert f":{stack.ports[port]}" in stack.said, port
    services = {inspect(id)["Config"]["Labels"]["com.docker.compose.service"] for id in stack.containers()}
    assert services == {"nginx", "edge-1", "edge-2", "worker", "kafka", "prometheus", "disk"}
    assert len(stack.containers("worker")) == 2
    assert {health(id) for id in stack.containers()} == {"healthy", "none"}


def test_nothing_runs_as_root_or_may_write_where_its_programs_are(stack):
    for id in stack.containers():
        found = inspect(id)
        name, host = found["Name"], found["HostConfig"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", found["Config"]["User"]), name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name


def test_the_image_holds_the_programs_and_no_shell_no_secret(stack, report):
    for program in ("edge", "worker", "produce", "replay"):
        assert "--help" in docker("run", "--rm", "roomcast:local", f"/usr/bin/roomcast-{program}", "--help")
    for shell in ("/bin/sh", "/bin/bash", "/usr/bin/env"):
        with pytest.raises(Failed):
            docker("run", "--rm", "--entrypoint", shell, "roomcast:local")
    size = inspect("roomcast:local")["Size"]
    assert size < 80e6
    report(f"the image of edge, worker and tools: {size / 1e6:.0f} MB")
    files = run(["bash", "-c", "set -o pipefail; id=$(docker create roomcast:local); docker export $id | tar -t; docker rm $id >/dev/null"])
    assert not re.search(r"\.key$|secret|password|server\.pem", files, re.MULTILINE)


def test_a_port_in_use_is_said_before_anything_starts(engine):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = Stack("roomcast-test-ports", EDGE2_PORT=str(port))
        with pytest.raises(Failed) as failure:
            other.make("up")
    assert f"{port} (EDGE2_PORT)" in failure.value.output
    assert not other.containers(running=False) and not other.volumes()


def test_every_alert_fires_when_it_should_and_not_before(stack):
    said = docker("run", "--rm", "--user", "0", "--entrypoint", "/usr/bin/promtool", "-v", f"{sources('monitoring')}:/m:ro",
                  "roomcast-prometheus:local", "test", "rules", "/m/tests/alerts.test.yml")
    assert "SUCCESS" in said
    rules = {rule["name"] for group in stack.prometheus_api("rules")["groups"] for rule in group["rules"] if rule["type"] == "alerting"}
    tested = set(re.findall(r"alertname: (\w+)", (sources("monitoring") / "tests/alerts.test.yml").read_text()))
    explained = (sources("docs") / "operations.md").read_text()
    assert rules == tested
    assert not [rule for rule in rules if f"`{rule}`" not in explained], "alerts that docs/operations.md says nothing of"


def test_the_dashboards_are_what_grafana_reads():
    for file in (sources("monitoring") / "grafana/dashboards").glob("*.json"):
        board = json.loads(file.read_text())
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids) and board["uid"] and board["title"]
