"""One user's connection: frames in and out, answers by their id, and a view of each room. Runs on gevent."""

import itertools
import json
import uuid

import gevent
import websocket
from gevent.event import AsyncResult

ANSWER_S = 20


class Refused(Exception):
    """An error frame in place of an answer."""

    def __init__(self, frame):
        super().__init__(f"{frame.get('code')}: {frame.get('message')}")
        self.code = frame.get("code")
        self.retry_after_ms = frame.get("retry_after_ms")


class Lost(Exception):
    """The connection ended."""


class Session:
    """`views` (room -> View) and `epochs` outlive the connection: the next one resumes from them."""

    def __init__(self, url, ca, token, ledger, views, epochs, on_delivery):
        self._ledger = ledger
        self.views = views
        self.epochs = epochs
        self._on_delivery = on_delivery
        self._answers = {}
        self._joins = {}
        self._numbers = itertools.count(1)
        self._stem = uuid.uuid4().hex[:12]
        self.socket = websocket.create_connection(
            url, timeout=ANSWER_S, sslopt={"ca_certs": ca}, header=[f"Authorization: Bearer {token}"],
            subprotocols=["roomcast.v1"], skip_utf8_validation=True)
        self.socket.settimeout(None)
        self.open = True
        self._reader = gevent.spawn(self._read)

    def _read(self):
        try:
            while text := self.socket.recv():
                self._on_frame(json.loads(text))
        except (websocket.WebSocketException, OSError, ValueError):
            pass
        finally:
            self.open = False
            for result in [*self._answers.values(), *self._joins.values()]:
                result.set_exception(Lost())
            self._answers.clear()
            self._joins.clear()

    def _on_frame(self, frame):
        kind = frame["type"]
        if kind == "message":
            view = self.views.get(frame["room"])
            if view:
                view.show(frame["seq"], frame["id"])
                self._on_delivery(frame)
        elif kind == "joined":
            self._on_joined(frame)
            if result := self._joins.pop(frame["room"], None):
                result.set(frame)
        elif kind == "error" and frame.get("room") in self._joins and frame.get("id") not in self._answers:
            self._joins.pop(frame["room"]).set_exception(Refused(frame))
        elif result := self._answers.pop(frame.get("id"), None):
            if kind == "error":
                result.set_exception(Refused(frame))
            else:
                result.set(frame)

    def new_id(self):
        return f"{self._stem}-{next(self._numbers)}"

    def send(self, **frame):
        if not self.open:
            raise Lost()
        try:
            self.socket.send(json.dumps(frame))
        except (websocket.WebSocketException, OSError):
            raise Lost() from None

    def ask(self, **frame):
        """Sends a frame and waits for its answer."""
        result = self._answers[frame["id"]] = AsyncResult()
        self.send(**frame)
        return result.get(timeout=ANSWER_S)

    def join(self, room, last=20):
        """Joins anew, or comes back to where the view of the room ends."""
        view = self.views.get(room)
        result = self._joins[room] = AsyncResult()
        if view:
            self.send(type="join", room=room, since=view.last, epoch=self.epochs[room])
        else:
            self.send(type="join", room=room, last=last)
        return result.get(timeout=ANSWER_S)

    def _on_joined(self, frame):
        """Here and now: the next frame may be the room's first message."""
        room = frame["room"]
        view = self.views.get(room)
        if view and not frame.get("recovered", True):
            self._ledger.not_recovered += 1
            view.close()
            view = None
        if view:
            for message in frame["messages"]:
                view.show(message["seq"], message["id"])
        else:
            self.views[room] = self._ledger.open_view(room, frame["last"])
        self.epochs[room] = frame["epoch"]

    def leave(self, room):
        self.send(type="leave", room=room, id=self.new_id())
        view = self.views.pop(room, None)
        if view:
            view.close()

    def drop(self):
        """Ends the connection without a word, as a lost network does."""
        self.open = False
        try:
            self.socket.sock.close()
        except OSError:
            pass
        gevent.kill(self._reader)
