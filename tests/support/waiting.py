"""Waiting for a condition, with a deadline. No test waits for time to pass as a proof of anything."""

import asyncio
import threading
import time

PACE_S = 0.02


def wait_until(condition, what, within=10.0):
    """Returns the condition's value as soon as it is true."""
    deadline = time.monotonic() + within
    pace = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        pace.wait(PACE_S)
    return value


async def eventually(condition, what, within=10.0):
    """The same for the event loop; the condition may be a coroutine function."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        await asyncio.sleep(PACE_S)
