"""Fixtures of the conformance tests: each test runs against the server of each mode."""

import pathlib

import pytest
from support.servers import LocalServer
from support.wsclient import Crowd

FOLDER = pathlib.Path(__file__).parent


@pytest.fixture
def crowd(server):
    """Makes clients of the server under test, and closes them after the test."""
    return Crowd(server)


@pytest.fixture
def edge(server):
    return server.edge


@pytest.fixture
def other_edge(server):
    """Another edge where there is one: what holds on one edge must hold across edges too."""
    return server.edges[-1]


@pytest.fixture
def own_server():
    """A local server for one test alone, to be killed and restarted."""
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="session")
def full_run(request):
    """Whether this run has all tests of this folder in it, so that what was not seen was not provoked."""
    config = request.config
    narrowed = config.option.keyword or config.option.markexpr or any("::" in argument for argument in config.args)
    files = {item.path for item in request.session.items}
    return not narrowed and files >= set(FOLDER.glob("test_*.py"))


def pytest_collection_modifyitems(items):
    """What asks for `full_run` asks what the others have seen: it comes last."""
    items.sort(key=lambda item: "full_run" in item.fixturenames)
