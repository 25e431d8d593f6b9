"""The servers under test: one local edge, or a cluster of scripts/cluster, on free ports and in a folder of their own."""

import contextlib
import dataclasses
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile

from support.https import get_plain
from support.waiting import wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("ROOMCAST_BUILD", ROOT / "build/release"))
EDGE = BUILD / "ws-edge/roomcast-edge"
PRODUCE = BUILD / "producer/roomcast-produce"
REPLAY = BUILD / "consumer/roomcast-replay"
HOST = "127.0.0.1"
READY_S = 30
PORT_TAKEN = 3  # exit status of scripts/cluster


@dataclasses.dataclass(frozen=True)
class Edge:
    """Where one edge is reached, and with which CA."""

    name: str
    port: int
    metrics_port: int
    ca: pathlib.Path

    @property
    def url(self):
        return f"https://{HOST}:{self.port}"

    @property
    def wss(self):
        return f"wss://{HOST}:{self.port}/ws"

    def metrics(self):
        answer = get_plain(self.metrics_port, "/metrics")
        assert answer.status == 200
        return answer.text

    def ready(self):
        try:
            return get_plain(self.metrics_port, "/readyz").status == 200
        except OSError:
            return False


def free_ports(count):
    """A run of ports that nobody has, below those that the kernel gives to outgoing connections."""
    for _ in range(200):
        first = random.randrange(12000, 30000)
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probe = probes.enter_context(socket.socket())
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((HOST, port))
            except OSError:
                continue
        return first
    raise AssertionError(f"no {count} free ports in a row")


def make_folder(kind):
    """Kept after the run: the logs in it tell what happened."""
    parent = ROOT / "build/tests"
    parent.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=parent))


class LocalServer:
    """`roomcast-edge --local` with its data in a folder that outlives kill and start."""

    mode = "local"

    def __init__(self, shards=2, extra_flags=()):
        self.dir = make_folder("local")
        self.data_dir = self.dir / "data"
        certs = self.dir / "certs"
        subprocess.run([ROOT / "certs/make-certs", "--dir", certs], check=True, stdout=subprocess.DEVNULL)
        port = free_ports(2)
        self.edges = [Edge("edge-1", port, port + 1, certs / "ca.pem")]
        self.jwt_secret = certs / "jwt.secret"
        self.logs = [self.dir / "edge-1.log"]
        self.process = None
        self.command = [
            EDGE, "--local", "--data-dir", self.data_dir, "--node", "edge-1", "--listen", HOST, "--port", port,
            "--metrics-listen", HOST, "--metrics-port", port + 1, "--shards", shards, "--web-dir", ROOT / "web/client",
            "--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key",
            "--jwt-secret-file", self.jwt_secret, *extra_flags,
        ]

    @property
    def edge(self):
        return self.edges[0]

    def start(self):
        assert EDGE.exists(), f"there is no {EDGE}: build it first (make build)"
        with open(self.logs[0], "ab") as log:
            self.process = subprocess.Popen([str(word) for word in self.command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        try:
            wait_until(lambda: self.process.poll() is not None or self.edge.ready(), "the local edge is ready", READY_S)
            assert self.process.poll() is None, f"the edge ended at once with status {self.process.returncode}"
        except AssertionError:
            print(tail(self.logs[0]))
            self.stop()
            raise
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def wait_end(self, within=20):
        return self.process.wait(within)

    def restart(self):
        self.stop()
        return self.start()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the edge did not end within 20 s of SIGTERM") from None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Cluster:
    """A cluster of processes, driven through scripts/cluster as a developer would."""

    mode = "cluster"

    def __init__(self, edges=2, workers=2, brokers=1, shards=1):
        self.dir = make_folder("cluster")
        self.options = ["--edges", edges, "--workers", workers, "--brokers", brokers, "--shards", shards, "--build", BUILD]
        self.topic_prefix = "roomcast"
        self.jwt_secret = self.dir / "certs/jwt.secret"
        self.ports = {}
        if os.environ.get("KAFKA_BROKERS"):  # somebody else's broker: keep out of what is there
            self.topic_prefix = f"test-{self.dir.name}"
        self.options += ["--topic-prefix", self.topic_prefix]

    def script(self, command, *words, check=True):
        line = [ROOT / "scripts/cluster", command, "--dir", self.dir, *words]
        done = subprocess.run([str(word) for word in line], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"scripts/cluster {command} failed:\n{done.stdout}{done.stderr}"
        return done

    def start(self):
        for _ in range(5):
            done = self.script("start", "--base-port", free_ports(10), *self.options, check=False)
            if done.returncode != PORT_TAKEN:
                break
        assert done.returncode == 0, f"the cluster did not start:\n{done.stdout}{done.stderr}"
        self.refresh()
        return self

    def stop(self):
        self.script("stop")

    def refresh(self):
        self.ports = {row["name"]: row["ports"] for row in self.status()}

    def status(self):
        return json.loads(self.script("status", "--json", check=False).stdout)

    def pids(self):
        return {row["name"]: row["pid"] for row in self.status()}

    def kill(self, name, signal_name="KILL"):
        self.script("kill", name, signal_name)

    def restart(self, name):
        self.script("restart", name)

    def add(self, kind):
        name = self.script("add", kind).stdout.split()[-1]
        self.refresh()
        return name

    def gone(self, name):
        return self.pids()[name] is None

    def make_whole(self):
        """Starts again whatever a test left dead, thaws what it left frozen."""
        for row in self.status():
            if row["alive"]:
                os.kill(row["pid"], signal.SIGCONT)
            else:
                self.restart(row["name"])

    def edge_named(self, name):
        ports = self.ports[name]
        return Edge(name, ports["wss"], ports["metrics"], self.dir / "certs/ca.pem")

    @property
    def edges(self):
        return [self.edge_named(name) for name in self.ports if name.startswith("edge-")]

    @property
    def edge(self):
        return self.edges[0]

    @property
    def bootstrap(self):
        given = os.environ.get("KAFKA_BROKERS")
        return given or ",".join(f"{HOST}:{ports['kafka']}" for name, ports in self.ports.items() if "kafka" in ports)

    @property
    def own_brokers(self):
        return not os.environ.get("KAFKA_BROKERS")

    @property
    def kafka_flags(self):
        return ["--brokers", self.bootstrap, "--topic-prefix", self.topic_prefix]

    @property
    def logs(self):
        return [self.dir / f"logs/{name}.log" for name in self.ports if not name.startswith("broker-")]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def tail(log, lines=60, since=0):
    """The end of a log, or of what was written to it after `since` bytes."""
    try:
        with open(log, "rb") as file:
            file.seek(since)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
