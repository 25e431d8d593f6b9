"""Servers that fan out, each alone on its port: Roomcast, Nchan, and the floor. All use the same certificate."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from .programs import HOST, ROOT, outcome_of, running, wait_for, wait_ready

NCHAN = pathlib.Path(os.environ.get("ROOMCAST_PREFIX", "/opt/roomcast")) / "nchan"
RECORD_BYTES = 236  # a Roomcast frame with 100 bytes of text, as the floor sends it too

NCHAN_CONFIG = """
load_module {home}/usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
{user}
pid {dir}/pid;
error_log {dir}/error.log warn;
events {{ worker_connections 19000; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    nchan_shared_memory_size 256m;
    server {{
        listen {host}:{port} ssl backlog=4096;
        ssl_certificate {certs}/server.pem;
        ssl_certificate_key {certs}/server.key;
        ssl_protocols TLSv1.3;
        location ~ ^/sub/([\\w-]+)$ {{
            nchan_subscriber websocket;
            nchan_channel_id $1;
            nchan_subscriber_first_message newest;
        }}
        location ~ ^/pub/([\\w-]+)$ {{
            nchan_publisher websocket http;
            nchan_channel_id $1;
            nchan_message_buffer_length 1000;
            nchan_message_timeout 60s;
        }}
    }}
}}
"""


@dataclasses.dataclass
class Rival:
    """A server that runs. `pid` is the process that does the work."""

    name: str
    dialect: str
    port: int
    pid: int
    program: pathlib.Path  # roomcast-crowd

    def command(self, *words):
        return [self.program, "--url", f"wss://{HOST}:{self.port}", "--dialect", self.dialect, "--watch",
                f"server={self.pid}", *words]

    def crowd(self, *words):
        outcome = outcome_of(self.command(*words))
        return {**outcome, "server": outcome["processes"]["server"]}


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def have_nchan():
    return (NCHAN / "usr/sbin/nginx").exists()


class Rivals:
    """Starts one at a time, on --base-port + 300 and up, with data in memory so that no disk is measured."""

    def __init__(self, options):
        self.options = options
        self.dir = options.dir / "rivals"
        self.certs = self.dir / "certs"
        self.port = options.base_port + 300
        self.crowd = options.build / "bench/roomcast-crowd"

    def prepare(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir(parents=True)
        done = subprocess.run([ROOT / "certs/make-certs", "--dir", self.certs], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"make-certs: {done.stdout}")

    @contextlib.contextmanager
    def roomcast(self, *flags):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="roomcast-bench-", dir=memory) as data:
            command = [self.options.build / "ws-edge/roomcast-edge", "--local", "--data-dir", f"{data}/data", "--node",
                       "bench", "--listen", HOST, "--port", self.port, "--metrics-port", self.port + 1, "--tls-cert",
                       self.certs / "server.pem", "--tls-key", self.certs / "server.key", "--jwt-secret-file",
                       self.certs / "jwt.secret", "--web-dir", ROOT / "web/client", *flags]
            if "--shards" not in flags:
                command += ["--shards", 1]
            with running(command, self.dir / "edge.log") as process:
                wait_ready(self.port + 1)
                yield Rival("Roomcast", "roomcast", self.port, process.pid, self.crowd)

    @contextlib.contextmanager
    def nchan(self):
        home = self.dir / "nchan"
        home.mkdir(exist_ok=True)
        config = home / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""  # else the worker could not read what is ours
        config.write_text(NCHAN_CONFIG.format(home=NCHAN, dir=home, certs=self.certs, host=HOST, port=self.port + 2,
                                              user=user))
        command = [NCHAN / "usr/sbin/nginx", "-c", config, "-p", home, "-e", home / "error.log"]
        with running(command, self.dir / "nchan.log") as process:
            wait_for("nginx does not listen", lambda: listens(self.port + 2))
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Rival("Nchan", "nchan", self.port + 2, int(children[0]), self.crowd)

    @contextlib.contextmanager
    def floor(self):
        command = [self.options.build / "bench/floor-tls", "--cert", self.certs / "server.pem", "--key",
                   self.certs / "server.key", "--port", self.port + 3, "--record-bytes", RECORD_BYTES]
        with running(command, self.dir / "floor.log") as process:
            wait_for("floor-tls does not listen", lambda: listens(self.port + 3))
            yield Rival("floor", "floor", self.port + 3, process.pid, self.crowd)
