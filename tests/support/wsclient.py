"""A well-behaved Roomcast client over wss, with the CA checked, that keeps all it is shown."""

import asyncio
import itertools
import json
import uuid

import aiohttp

from support import asyncapi
from support.https import tls_context
from support.roomlog import RoomLog

WITHIN_S = 10.0
ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)


class Refused(Exception):
    """An error frame (or, at the door, an HTTP answer) in place of what was asked for."""

    def __init__(self, frame):
        super().__init__(f"{frame.get('code')}: {frame.get('message')}")
        self.frame = frame
        self.code = frame.get("code")
        self.retry_after_ms = frame.get("retry_after_ms")


class Closed(Exception):
    """The connection ended before the answer came."""

    def __init__(self, code):
        super().__init__(f"closed with {code}")
        self.code = code


class Client:
    """One connection. Made by Crowd.connect; frames that no one waited for stay in the inbox until `expect` takes them."""

    def __init__(self, socket, user, token, logs, keep_messages):
        self.socket = socket
        self.user = user
        self.token = token
        self.logs = {} if logs is None else logs  # room -> RoomLog
        self.keep_messages = keep_messages
        self.inbox = []
        self.close_code = None
        self.close_reason = None
        self._closing = False  # by this side
        self.on_close = asyncio.Event()
        self._waiters = []  # (predicate, future)
        self._answers = {}  # id -> future
        self._asked = {}    # id -> frame that was sent with it
        self._numbers = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    # Receiving.

    async def _read(self):
        while (message := await self.socket.receive()).type not in ENDS:
            if message.type == aiohttp.WSMsgType.TEXT:
                self._on_frame(json.loads(message.data))
        if message.type == aiohttp.WSMsgType.CLOSE:
            self.close_reason = message.extra
        self.close_code = self.socket.close_code
        if not self._closing:
            asyncapi.closed(self.close_code)
        self.on_close.set()
        for future in [future for _, future in self._waiters] + list(self._answers.values()):
            if not future.done():
                future.set_exception(Closed(self.close_code))
                future.exception()  # nobody need be waiting any more
        self._waiters.clear()
        self._answers.clear()

    def _on_frame(self, frame):
        asyncapi.received(frame)
        kind = frame["type"]
        if kind != "message" and (asked := self._asked.pop(frame.get("id"), None)):
            asyncapi.answered(asked, frame)
        if kind == "joined":
            self.log(frame["room"]).on_joined(frame)
        elif kind == "message":
            self.log(frame["room"]).on_message(frame)
        elif future := self._answers.pop(frame.get("id"), None):
            if not future.done():
                if kind == "error":
                    future.set_exception(Refused(frame))
                    future.exception()
                else:
                    future.set_result(frame)
            return
        for index, (wanted, future) in enumerate(self._waiters):
            if not future.done() and wanted(frame):
                del self._waiters[index]
                future.set_result(frame)
                return
        if kind != "message" or self.keep_messages:
            self.inbox.append(frame)

    def log(self, room):
        return self.logs.setdefault(room, RoomLog())

    async def take(self, wanted, what, within=WITHIN_S):
        """The oldest frame not taken yet, or the next to come, for which `wanted` holds."""
        for index, frame in enumerate(self.inbox):
            if wanted(frame):
                return self.inbox.pop(index)
        if self.on_close.is_set():
            raise Closed(self.close_code)
        future = asyncio.get_running_loop().create_future()
        self._waiters.append((wanted, future))
        try:
            return await asyncio.wait_for(future, within)
        except asyncio.TimeoutError:
            self._waiters = [waiter for waiter in self._waiters if waiter[1] is not future]
            raise AssertionError(f"{self.user}: no {what} within {within} s; not taken: {self.inbox[-5:]}") from None

    async def expect(self, kind, within=WITHIN_S, **fields):
        def wanted(frame):
            return frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items())
        return await self.take(wanted, f"{kind} {fields}", within)

    def has(self, kind, **fields):
        """Whether such a frame came and was not taken."""
        return any(frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items())
                   for frame in self.inbox)

    async def expect_close(self, within=WITHIN_S):
        try:
            await asyncio.wait_for(self.on_close.wait(), within)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.user}: not closed within {within} s") from None
        return self.close_code

    # Sending.

    def new_id(self, prefix="c"):
        return f"{prefix}{next(self._numbers)}-{uuid.uuid4().hex[:8]}"

    async def send(self, frame):
        """A frame with an id is held to its schema by its answer, any other one here: what is wrong goes to `send_text`."""
        if isinstance(id := frame.get("id"), str):
            self._asked[id] = frame
        elif problem := asyncapi.problem_of_client_frame(frame):
            asyncapi.note(f"the client's frame is not as described, {problem}", frame)
        await self.send_text(json.dumps(frame, ensure_ascii=False))

    async def send_text(self, text):
        try:
            await self.socket.send_str(text)
        except ConnectionError:
            raise Closed(self.close_code) from None

    async def send_bytes(self, data):
        await self.socket.send_bytes(data)

    async def start_request(self, **frame):
        """Sends a frame with an id; gives the future of its answer, which is a frame, Refused or Closed."""
        frame.setdefault("id", self.new_id())
        if self.on_close.is_set():
            raise Closed(self.close_code)
        future = asyncio.get_running_loop().create_future()
        self._answers[frame["id"]] = future
        await self.send(frame)
        return future

    async def request(self, within=WITHIN_S, **frame):
        future = await self.start_request(**frame)
        try:
            return await asyncio.wait_for(future, within)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.user}: no answer within {within} s to {str(frame)[:200]}") from None

    async def join(self, room, within=WITHIN_S, **fields):
        """The joined frame. Its id, if the server gives one back, is not relied upon here."""
        id = self.new_id("j")
        await self.send({"type": "join", "room": room, "id": id, **fields})

        def answers(frame):
            return (frame["type"] == "joined" and frame["room"] == room) or (
                frame["type"] == "error" and (frame.get("id") == id or ("id" not in frame and frame.get("room") == room)))
        frame = await self.take(answers, f"answer to the join of {room!r}", within)
        if frame["type"] == "error":
            raise Refused(frame)
        return frame

    async def resume(self, room, within=WITHIN_S, **other):
        """Joins again from where this client's log of the room ends."""
        log = self.logs[room]
        return await self.join(room, within, **({"since": log.last, "epoch": log.epoch} | other))

    async def leave(self, room):
        await self.send({"type": "leave", "room": room, "id": self.new_id("l")})
        return await self.expect("left", room=room)

    async def say(self, room, text, id=None, within=WITHIN_S):
        """Sends a message and waits until it is acked: the ack."""
        return await self.request(within, type="message", room=room, id=id or self.new_id(), text=text)

    async def say_all(self, room, texts, in_flight=256):
        """Sends many, with a bound on those not acked yet: the acks in the order of the texts."""
        gate = asyncio.Semaphore(in_flight)
        futures = []
        for text in texts:
            await gate.acquire()
            future = await self.start_request(type="message", room=room, text=text)
            future.add_done_callback(lambda _: gate.release())
            futures.append(future)
        return await asyncio.wait_for(asyncio.gather(*futures), 60)

    async def history(self, room, **fields):
        return await self.request(type="history", room=room, **fields)

    async def refused(self, within=WITHIN_S, **frame):
        """The error frame that answers the frame."""
        try:
            answer = await self.request(within, **frame)
        except Refused as refusal:
            return refusal.frame
        raise AssertionError(f"not refused: {answer}")

    async def saw(self, room, count=None, id=None, within=WITHIN_S):
        """Waits until so many messages of the room, or the one with that id, were shown."""
        log = self.log(room)

        def enough():
            return (count is None or len(log.seen) >= count) and (id is None or id in log.ids)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while not enough():
            assert not self.on_close.is_set(), f"{self.user}: closed with {self.close_code}"
            assert loop.time() < deadline, f"{self.user}: {len(log.seen)} messages of {room} within {within} s, not {count or id}"
            await asyncio.sleep(0.01)
        return log

    async def close(self):
        self._closing = True
        await self.socket.close()
        await self._reader

    async def abort(self):
        """Ends the connection without a word, as a lost network does."""
        if self.socket._response.connection is not None:
            self.socket._response.connection.transport.abort()
        await self.on_close.wait()


class Crowd:
    """All the clients of one test; closes what is open at its end."""

    def __init__(self, server):
        self.server = server
        self._sessions = {}
        self._clients = []
        self._closing = []

    def session(self, edge):
        """An HTTP session that keeps no cookies and checks the edge's certificate."""
        if edge.port not in self._sessions:
            connector = aiohttp.TCPConnector(ssl=tls_context(edge.ca), limit=0)
            self._sessions[edge.port] = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._sessions[edge.port]

    async def token(self, nick, edge=None):
        edge = edge or self.server.edge
        async with self.session(edge).post(f"{edge.url}/guest", json={"nick": nick}) as answer:
            assert answer.status == 200, await answer.text()
            return (await answer.json())["token"]

    async def connect(self, nick=None, edge=None, token=None, via="bearer", logs=None, keep_messages=True, user=None,
                      address=None, compress=0, **query):
        """A connected client that was welcomed. Without a nick and a token: a guest of its own. `query` goes to the URL,
        `address` is where it seems to come from; `compress=15`: permessage-deflate is offered."""
        edge = edge or self.server.edge
        if token is None:
            nick = nick or unique("guest")
            token = await self.token(nick, edge)
        headers, protocols = {}, ["roomcast.v1"]
        if via == "bearer":
            headers["Authorization"] = f"Bearer {token}"
        elif via == "cookie":
            headers["Cookie"] = f"other=1; token={token}"
        elif via == "subprotocol":
            protocols.append(f"bearer.{token}")
        if address:
            headers["X-Forwarded-For"] = address
        try:
            socket = await self.session(edge).ws_connect(
                edge.wss, params={name: str(value) for name, value in query.items()}, headers=headers, protocols=protocols,
                max_msg_size=0, autoping=True, timeout=5.0, compress=compress)
        except aiohttp.WSServerHandshakeError as error:
            raise Refused({"code": error.status, "message": str(error)}) from None
        client = Client(socket, user or nick, token, logs, keep_messages)
        self._clients.append(client)
        client.welcome = await client.expect("welcome")
        client.user = client.welcome["user"]
        return client

    def at_end(self, coroutine_function):
        self._closing.append(coroutine_function)

    async def aclose(self):
        for close in self._closing:
            await close()
        await asyncio.gather(*(client.close() for client in self._clients), return_exceptions=True)
        for session in self._sessions.values():
            await session.close()


def unique(stem):
    """A name that no other test uses; fits rooms and nicks."""
    return f"{stem}-{uuid.uuid4().hex[:10]}"
