"""Users who behave like people: take a token, join, talk, type, scroll back, change rooms, lose their network and come back.

Run by loadtest/run, which says what it is to be in the environment. At the end everybody falls silent, and once all is
delivered the ledger is judged; the verdict is part of the statistics and of the exit status.
"""

import itertools
import logging
import os
import random
import time

import gevent
from ledger import Ledger
from locust import HttpUser, events, task
from session import Lost, Refused, Session

HOST = os.environ["LOAD_HOST"]
CA = os.environ["LOAD_CA"]
USERS = int(os.environ["LOAD_USERS"])
ROOMS = int(os.environ["LOAD_ROOMS"])
RATE = float(os.environ["LOAD_RATE"])  # messages a second, of all users together
STEM = os.environ["LOAD_STEM"]  # of the rooms' names, so that every run has rooms of its own
SILENCE_S = 30
MEASURED_MEMBERS = 5  # of each room: a measurement of every delivery would be most of the load on this machine

# Of what a user does at each turn beside talking.
TYPES, SCROLLS, MOVES, VANISHES = 0.3, 0.05, 0.01, 0.01

ledger = Ledger()
silent = False
numbers = itertools.count()


def record(kind, name, started, exception=None, size=0):
    events.request.fire(request_type=kind, name=name, response_time=(time.time() - started) * 1000, response_length=size,
                        exception=exception, context={})


class Person(HttpUser):
    host = HOST

    def wait_time(self):
        return min(random.expovariate(RATE / USERS), 30)

    def on_start(self):
        self.number = next(numbers)
        self.rooms = [f"{STEM}-{self.number % ROOMS}"]
        self.views, self.epochs = {}, {}
        self.session = None
        self.measures = self.number // ROOMS < MEASURED_MEMBERS
        self.token = self._take_token()
        self.connect("connect")

    def _take_token(self):
        while True:
            answer = self.client.post("/guest", json={"nick": f"{STEM}-{self.number}"}, verify=CA)
            if answer.status_code == 200:
                return answer.json()["token"]
            gevent.sleep(1)

    def connect(self, name):
        """Until it works: whoever comes back has to."""
        while True:
            started = time.time()
            try:
                self.session = Session(HOST.replace("https", "wss") + "/ws", CA, self.token, ledger, self.views, self.epochs, self.on_delivery)
                record("ws", name, started)
                break
            except Exception as failure:
                record("ws", name, started, failure)
                gevent.sleep(0.5 + random.random())
        for room in self.rooms:
            self.join(room)

    def join(self, room):
        name = "resume" if room in self.views else "join"
        while True:
            started = time.time()
            try:
                joined = self.session.join(room)
                record("ws", name, started, size=len(joined["messages"]))
                return
            except Refused as refusal:
                gevent.sleep((refusal.retry_after_ms or 500) / 1000)
            except (Lost, gevent.Timeout) as failure:
                record("ws", name, started, failure)
                return self.session.drop()  # the next turn connects

    def on_delivery(self, frame):
        if self.measures and frame["user"] != f"{STEM}-{self.number}":
            sent = float(frame["text"].split(" ", 1)[0])
            events.request.fire(request_type="ws", name="delivery", response_time=(time.time() - sent) * 1000,
                                response_length=len(frame["text"]), exception=None, context={})

    @task
    def turn(self):
        if not self.session.open:
            return self.connect("come back")
        if silent:
            return gevent.sleep(1)
        room = random.choice(self.rooms)
        try:
            if random.random() < TYPES:
                self.session.send(type="typing", room=room, typing=True)
            if random.random() < SCROLLS:
                self.scroll(room)
            if random.random() < MOVES:
                self.move()
                room = self.rooms[-1]
            if random.random() < VANISHES:
                self.session.drop()
                gevent.sleep(random.random() * 2)
                return self.connect("come back")
            self.talk(room)
        except Lost:
            pass  # the next turn connects

    def talk(self, room):
        """Sends one message until its fate is known."""
        ledger.unanswered += 1
        try:
            id = self.session.new_id()
            while True:
                started = time.time()
                try:
                    ack = self.session.ask(type="message", room=room, id=id, text=f"{started:.6f} {'x' * random.randint(10, 120)}")
                    record("ws", "ack", started)
                    return ledger.ack(room, ack["seq"])
                except Refused as refusal:
                    record("ws", "ack", started, refusal)
                    if refusal.retry_after_ms is None:
                        return None
                    gevent.sleep(refusal.retry_after_ms / 1000)
                except (Lost, gevent.Timeout):
                    # Under the same id, wherever it is sent from, it is shown once.
                    self.session.drop()
                    self.connect("come back")
        finally:
            ledger.unanswered -= 1

    def scroll(self, room):
        """Back through what was said before."""
        before = self.views[room].last
        for _ in range(3):
            started = time.time()
            page = self.session.ask(type="history", room=room, id=self.session.new_id(), before=before, limit=50)
            record("ws", "history", started, size=len(page["messages"]))
            if not page["more"] or not page["messages"]:
                return
            before = page["messages"][0]["seq"]

    def move(self):
        """Leaves for another room."""
        self.session.leave(self.rooms.pop(0))
        room = f"{STEM}-{random.randrange(ROOMS)}"
        if room not in self.rooms:
            self.rooms.append(room)
        self.join(room)

    def on_stop(self):
        if self.session:
            self.session.drop()


@events.test_stopping.add_listener
def judge(environment, **_):
    global silent
    silent = True
    deadline = time.time() + SILENCE_S
    while not ledger.everyone_has_everything() and time.time() < deadline:
        gevent.sleep(0.2)
    verdict = ledger.judge()
    if ledger.unanswered:
        logging.error("%d messages were still not answered", ledger.unanswered)
    for name, count in (("lost", verdict.lost), ("doubled", verdict.doubled), ("out of order", verdict.out_of_order),
                        ("not recovered", verdict.not_recovered), ("unanswered", ledger.unanswered)):
        events.request.fire(request_type="verdict", name=name, response_time=count, response_length=0, context={},
                            exception=AssertionError(f"{count} {name}") if count else None)
    logging.info("%d messages acknowledged, %d shown in %d stays: %d lost, %d doubled, %d out of order, %d stays not recovered",
                 verdict.messages, verdict.deliveries, verdict.views, verdict.lost, verdict.doubled, verdict.out_of_order,
                 verdict.not_recovered)
    good = verdict.good and verdict.messages > 0 and verdict.deliveries > 0 and not ledger.unanswered
    # Locust's own rule (1 for any failed request) is not ours: what failed and was made good is part of life.
    environment.process_exit_code = 0 if good else 1
