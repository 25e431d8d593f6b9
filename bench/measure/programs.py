"""Running programs, and waiting for them."""

import contextlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
READY_S = 30


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def outcome_of(command, **options):
    """What a program printed, as JSON. Its last words are the reason if it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    if done.returncode != 0 or not done.stdout.strip():
        raise RuntimeError(f"{' '.join(map(str, command))}\nended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def wait_ready(port):
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, urllib.error.URLError):
            with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise RuntimeError(f"nothing is ready at {HOST}:{port}")


def wait_for(what, holds):
    deadline = time.monotonic() + READY_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} in {READY_S} s")
        time.sleep(0.05)


@contextlib.contextmanager
def running(command, log):
    """A program that is told to end, and waited for, when the block is left."""
    with open(log, "wb") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
