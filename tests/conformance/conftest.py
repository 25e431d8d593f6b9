"""Fixtures of the conformance tests: each test runs against the server of each mode."""

import pytest
from support.servers import LocalServer
from support.wsclient import Crowd


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
