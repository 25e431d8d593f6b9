"""People with accounts, guests, and what they ask over HTTP. Each comes from an address of its own, so that what one does
wrong is counted against nobody else."""

import json
import random

from support.https import request
from support.wsclient import unique

PASSWORD = "correct horse"


def some_address():
    """An address that no one else has; the tests are a trusted proxy (conftest.py)."""
    return "10." + ".".join(str(random.randrange(1, 255)) for _ in range(3))


class Person:
    def __init__(self, edge, user, token=None, address=None):
        self.edge = edge
        self.user = user
        self.token = token
        self.address = address or some_address()

    def ask(self, method, path, body=None, edge=None, headers=(), room_password=None):
        headers = {"X-Forwarded-For": self.address} | dict(headers)
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if room_password is not None:
            headers["X-Room-Password"] = room_password
        return request(edge or self.edge, method, path, body, headers)

    def does(self, method, path, body=None, **more):
        """What is answered, which must not be an error."""
        answer = self.ask(method, path, body, **more)
        assert answer.status < 300, (method, path, answer.status, answer.text)
        return answer.json if answer.body else None

    def is_refused(self, method, path, body=None, **more):
        """(status, code) of an error."""
        answer = self.ask(method, path, body, **more)
        assert answer.status >= 400, (method, path, answer.status, answer.text)
        return answer.status, answer.error_code

    def logs_in(self, password=PASSWORD, edge=None):
        self.token = None
        self.token = self.does("POST", "/login", {"user": self.user, "password": password}, edge=edge)["token"]
        return self

    def comes_in(self, crowd, edge=None, **more):
        """A WebSocket of that person."""
        return crowd.connect(token=self.token, edge=edge or self.edge, address=self.address, **more)

    def opens(self, room=None, **fields):
        """Makes a room; its name."""
        room = room or unique("room")
        self.does("POST", "/rooms", {"room": room} | fields)
        return room


def account(edge, stem="alice", password=PASSWORD):
    """Somebody who has registered and logged in."""
    person = Person(edge, unique(stem))
    person.does("POST", "/register", {"user": person.user, "password": password})
    return person.logs_in(password)


def guest(edge, stem="guest"):
    person = Person(edge, unique(stem))
    person.token = person.does("POST", "/guest", {"nick": person.user})["token"]
    return person


def error_of(answer):
    """An error as its asker sees it: two that are alike tell the asker nothing."""
    return answer.status, json.dumps(answer.json, sort_keys=True)
