"""The servers that the rows with Kafka and with a disk need: one cluster and one local edge."""

import json
import os
import shutil
import subprocess

from .programs import HOST, ROOT, wait_ready

BROKER_HEAP = "2g"  # as docs/operations.md has it for thousands of rooms
BROKER_JAVA = "-XX:+AlwaysPreTouch"  # else its first collections take 0.2 s, for pages that were never written to
LOCAL_PORTS = 95  # distance from --base-port to the local edge's port; behind all those of scripts/cluster's edges


class Servers:
    """One cluster and one local edge, with their data beginning empty."""

    def __init__(self, directory, base_port, build):
        self.build = build
        self.cluster_dir = directory / "cluster"
        self.local_dir = directory / "local"
        self.base_port = base_port
        self.local_port = base_port + LOCAL_PORTS
        self.local = None

    def cluster(self, *words):
        command = [ROOT / "scripts/cluster", *words, "--dir", self.cluster_dir]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env=os.environ | {"JAVA_TOOL_OPTIONS": BROKER_JAVA})
        if done.returncode != 0 and words[0] != "status":
            raise RuntimeError(f"scripts/cluster {' '.join(map(str, words))}: {done.stdout}")
        return done.stdout

    def __enter__(self):
        for folder in (self.cluster_dir, self.local_dir):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.cluster("start", "--base-port", str(self.base_port), "--build", str(self.build), "--broker-heap", BROKER_HEAP)
        try:
            self.start_local()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.local:
            self.local.terminate()
            self.local.wait(20)
        self.cluster("stop")
        for data in self.cluster_dir.glob("kafka-of-*"):  # a gigabyte or two; logs and results stay
            shutil.rmtree(data, ignore_errors=True)

    def start_local(self):
        certs = self.cluster_dir / "certs"
        command = [self.build / "ws-edge/roomcast-edge", "--local", "--data-dir", self.local_dir / "data", "--node",
                   "edge-local", "--listen", HOST, "--port", self.local_port, "--metrics-port", self.local_port + 1,
                   "--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key", "--jwt-secret-file",
                   certs / "jwt.secret", "--web-dir", ROOT / "web/client"]
        with open(self.local_dir / "edge.log", "wb") as log:
            self.local = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
        wait_ready(self.local_port + 1)

    @property
    def ca(self):
        return self.cluster_dir / "certs/ca.pem"

    @property
    def brokers(self):
        external = os.environ.get("KAFKA_BROKERS")
        return external or f"{HOST}:{self.base_port + 649}"

    def edge(self, number):
        return f"wss://{HOST}:{self.base_port + number - 1}"

    @property
    def local_edge(self):
        return f"wss://{HOST}:{self.local_port}"

    def pids(self):
        return {node["name"]: node["pid"] for node in json.loads(self.cluster("status", "--json")) if node["alive"]}
