"""Every test of this folder runs over ws and over wss, against the echo server on the edge's own layers."""

import pytest
from support.echo import EchoServer, EchoSocket


@pytest.fixture(scope="session", params=["ws", "wss"])
def echo(request):
    with EchoServer(request.param) as server:
        yield server


@pytest.fixture
def socket(echo):
    with EchoSocket(echo) as connected:
        yield connected
