"""The packaged stack on a Docker engine, under a name and ports of its own, run by the Makefile's own commands."""

import json
import os
import pathlib
import random
import subprocess
import urllib.parse
import urllib.request

from support.servers import ROOT, Edge, free_ports
from support.waiting import wait_until

COMMAND_S = 1500  # the first one builds the images


class Failed(Exception):
    def __init__(self, command, done):
        super().__init__(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        self.status = done.returncode
        self.output = done.stdout


def run(command, env=None, within=COMMAND_S):
    """What it printed; Failed if its exit status is not 0."""
    command = [str(word) for word in command]
    done = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=within)
    if done.returncode != 0:
        raise Failed(command, done)
    return done.stdout


class Stack:
    mode = "stack"

    def __init__(self, name, **settings):
        first = free_ports(8)
        names = ("NGINX_PORT", "NGINX_HTTP_PORT", "EDGE1_PORT", "EDGE2_PORT", "KAFKA_PORT", "PROMETHEUS_PORT", "KAFKA_2_PORT",
                 "KAFKA_3_PORT")
        self.ports = {name: first + index for index, name in enumerate(names)}
        self.project = name
        self.certs = ROOT / "build/tests/stack-certs"
        self.settings = {
            **{name: str(port) for name, port in self.ports.items()},
            "COMPOSE_PROJECT_NAME": name, "FRONT_NET": f"172.31.{random.randrange(240)}", "CERTS_DIR": str(self.certs), "GRAFANA": "off", **settings,
        }
        ca = self.certs / "ca.pem"
        self.nginx = Edge("nginx", self.ports["NGINX_PORT"], 0, ca)
        self.edges = [Edge("edge-1", self.ports["EDGE1_PORT"], 0, ca), Edge("edge-2", self.ports["EDGE2_PORT"], 0, ca)]
        self.logs = []

    @property
    def edge(self):
        return self.nginx

    def make(self, target, **more):
        settings = self.settings | more
        # Another make around us must not hand its own settings on.
        env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
        return run(["make", target, *(f"{name}={value}" for name, value in settings.items())], env)

    def script(self, *arguments, within=300, **more):
        return run([ROOT / "scripts/stack", *arguments], os.environ | self.settings | more, within)

    def compose(self, *arguments, within=120):
        return self.script("compose", *arguments, within=within)

    def containers(self, service=None, running=True):
        """Their ids, the oldest first."""
        filters = ["--filter", f"label=com.docker.compose.project={self.project}"]
        if service:
            filters += ["--filter", f"label=com.docker.compose.service={service}"]
        listed = docker("ps", *([] if running else ["-a"]), *filters, "--format", "{{.CreatedAt}}\t{{.ID}}").splitlines()
        return [line.split("\t")[1] for line in sorted(listed)]

    def container(self, service):
        (only,) = self.containers(service)
        return only

    def volumes(self):
        return docker("volume", "ls", "-q", "--filter", f"label=com.docker.compose.project={self.project}").split()

    def prometheus(self, query):
        """The samples of an instant query: (labels, value)."""
        data = self.prometheus_api("query?" + urllib.parse.urlencode({"query": query}))
        assert data["resultType"] == "vector", data
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def prometheus_api(self, path):
        url = f"http://127.0.0.1:{self.ports['PROMETHEUS_PORT']}/api/v1/{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.prometheus_api("alerts")["alerts"] if alert["state"] == "firing"}

    def end_of_logs(self):
        try:
            return self.compose("logs", "--tail", "60", "--no-color")
        except (Failed, subprocess.TimeoutExpired) as failure:
            return str(failure)


def docker(*arguments, within=120):
    return run(["docker", *arguments], within=within)


def inspect(container):
    return json.loads(docker("inspect", container))[0]


def health(container):
    return inspect(container)["State"].get("Health", {}).get("Status", "none")


def wait_healthy(container, within=180):
    wait_until(lambda: health(container) == "healthy", f"{container} is healthy", within)


def sources(folder):
    return pathlib.Path(ROOT / folder)
