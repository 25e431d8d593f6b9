"""One stack for all of these tests: up before the first, gone with all its data after the last."""

import os

import pytest
from support.stack import Stack, run
from support.wsclient import Crowd


@pytest.fixture(scope="session")
def engine():
    """An engine that answers; scripts/test has started one where it could."""
    run(["docker", "info"], within=30)


@pytest.fixture(scope="session")
def stack(engine):
    stack = Stack("roomcast-test")
    stack.script("clean", FORCE="1")
    # STACK_BUILT=1: with the images as they are, for whoever works on these tests.
    stack.said = stack.make("start" if os.environ.get("STACK_BUILT") == "1" else "up")
    yield stack
    stack.script("clean", FORCE="1")
    assert not stack.containers(running=False) and not stack.volumes()


@pytest.fixture
def crowd(stack):
    return Crowd(stack)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call" and report.failed and "stack" in item.funcargs:
        report.sections.append(("the end of the stack's logs", item.funcargs["stack"].end_of_logs()))
