"""What people cost beside messages: passwords to check, and presence to tell."""

import contextlib
import http.client
import itertools
import json
import ssl
import threading
import time

from .fanout_rows import words_of
from .programs import HOST

PASSWORD = "correct horse battery staple"
STORMERS = 16  # who log in, one request after the other, each on a connection of its own
LOAD = {"receivers": 100, "rate": 50}  # the messages that must not wait for them
JOINERS = 1000


class Storm:
    """Logins without a pause, while the block runs, or with `new` registrations, each of which runs bcrypt, as a login does that
    the edge does not know for right already. `per_s` says how many came through."""

    def __init__(self, port, new=False):
        self.port = port
        self.new = new
        self.count = 0
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.failure = None

    def ask(self, connection, path, user, wanted):
        connection.request("POST", path, json.dumps({"user": user, "password": PASSWORD}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != wanted:
            raise RuntimeError(f"{path} of {user}: {answer.status} {body[:200]}")

    def connect(self):
        return http.client.HTTPSConnection(HOST, self.port, timeout=60, context=ssl._create_unverified_context())

    def register(self):
        with contextlib.closing(self.connect()) as connection:
            for number in range(STORMERS):
                self.ask(connection, "/register", f"stormer-{number}", 201)

    def log_in_again_and_again(self, user):
        try:
            with contextlib.closing(self.connect()) as connection:
                for number in itertools.count():
                    if self.ended.is_set():
                        return
                    if self.new:
                        self.ask(connection, "/register", f"{user}-{number}", 201)
                    else:
                        self.ask(connection, "/login", user, 200)
                    with self.lock:
                        self.count += 1
        except (OSError, RuntimeError, http.client.HTTPException) as failure:
            self.failure = failure

    def __enter__(self):
        self.threads = [threading.Thread(target=self.log_in_again_and_again, args=(f"stormer-{number}",))
                        for number in range(STORMERS)]
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.seconds = time.monotonic() - self.began
        self.per_s = self.count / self.seconds
        for thread in self.threads:
            thread.join()
        if self.failure:
            raise RuntimeError(f"a login failed: {self.failure}")


class PeopleRows:
    """Each row by its name; `keep(name, outcome)` takes what was measured."""

    def __init__(self, rivals, options, keep):
        self.rivals = rivals
        self.options = options
        self.keep = keep

    def logins(self, number):
        words = [*words_of(LOAD), "--seconds", self.options.fanout_seconds]
        with self.rivals.roomcast(*self.options.edge_flags) as rival:
            Storm(rival.port).register()
            self.keep("logins without", rival.crowd("fanout", "--room-prefix", f"calm-{number}", *words))
            for name, new in (("logins", False), ("hashes", True)):
                with Storm(rival.port, new) as storm:
                    outcome = rival.crowd("fanout", "--room-prefix", f"{name}-{number}", *words)
                self.keep(name, {**outcome, "per_s": storm.per_s})

    def presence(self, number):
        """1,000 join one room; then as many join rooms of their own, where there is nobody to tell."""
        still = ["--rate", 0, "--warmup-s", 0, "--seconds", 0.5, "--drain-s", 0]
        for name, rooms, receivers in (("presence without", JOINERS, 1), ("presence", 1, JOINERS)):
            with self.rivals.roomcast(*self.options.edge_flags) as rival:
                words = ["fanout", "--room-prefix", f"people-{number}", "--rooms", rooms, "--receivers", receivers, *still]
                rival.crowd("--at-once", 128, *words)  # the rooms are there
                self.keep(name, rival.crowd("--at-once", 128, *words))
