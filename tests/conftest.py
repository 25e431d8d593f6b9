"""Fixtures of all black-box tests: the servers (made once a run), a crowd of clients a test, async tests, logs of failures."""

import asyncio
import inspect
import os

import pytest
from support import asyncapi
from support.servers import Cluster, LocalServer, tail

# The tests are a crowd at one address and in a hurry; those of the limits set their own (support/servers.py).
for rate in ("SESSION", "USER", "ADDRESS", "ROOM", "REQUEST"):
    os.environ.setdefault(f"ROOMCAST_{rate}_RATE", "0")
os.environ.setdefault("ROOMCAST_BCRYPT_COST", "4")
os.environ.setdefault("ROOMCAST_TRUSTED_PROXIES", "127.0.0.1")  # so that a test can come from other addresses

MODES = ("local", "cluster")
ASYNC_TEST_S = 180
_reported = []


def pytest_addoption(parser):
    parser.addoption("--mode", choices=(*MODES, "both"), default=None,
                     help="what the conformance tests run against (ROOMCAST_MODE, else both)")


def pytest_configure(config):
    config.addinivalue_line("markers", "limit(seconds): how long an async test may take")


def chosen_modes(config):
    chosen = config.getoption("--mode") or os.environ.get("ROOMCAST_MODE", "both")
    assert chosen in (*MODES, "both"), f"ROOMCAST_MODE is {chosen}"
    return MODES if chosen == "both" else (chosen,)


def pytest_generate_tests(metafunc):
    """A test that asks for `server` runs once against each mode."""
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", chosen_modes(metafunc.config), indirect=True, scope="session")


def pytest_collection_modifyitems(config, items):
    """Tests of one mode alone are left out of a run of the other."""
    modes = chosen_modes(config)
    kept = [item for item in items if "local" in modes or "own_server" not in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(autouse=True)
def described():
    """Whatever was said on the wire during a test is as web/client/asyncapi.json describes it."""
    asyncapi.take_problems()
    yield
    problems = asyncapi.take_problems()
    assert not problems, "not as web/client/asyncapi.json says:\n" + "\n".join(problems[:10])


@pytest.fixture(scope="session")
def local_server():
    with LocalServer() as server:
        yield server


@pytest.fixture(scope="session")
def cluster_server():
    with Cluster(edges=2, workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def server(request):
    """The server under test, in the mode that the test is run for."""
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def cluster(cluster_server):
    """The shared cluster, whole again whatever the test before did to it."""
    cluster_server.make_whole()
    return cluster_server


@pytest.fixture
def report():
    """Says something that the reader of the run should see, such as a measured time."""
    return _reported.append


def pytest_terminal_summary(terminalreporter):
    if _reported:
        terminalreporter.section("measured")
        for line in _reported:
            terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs `async def` tests, and closes their fixtures that have an `aclose` in the same event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    marker = pyfuncitem.get_closest_marker("limit")
    limit = marker.args[0] if marker else ASYNC_TEST_S
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def run():
        try:
            async with asyncio.timeout(limit) as whole:
                await pyfuncitem.obj(**arguments)
        except TimeoutError:
            if not whole.expired():
                raise  # a deadline of the test's own: that of a socket, or of a wait
            pytest.fail(f"the test took more than {limit} s")
        finally:
            for argument in arguments.values():
                if hasattr(argument, "aclose"):
                    await argument.aclose()

    asyncio.run(run())
    return True


def servers_of(item):
    return [item.funcargs[name] for name in ("server", "cluster", "own_server") if name in item.funcargs]


def size_of(log):
    return log.stat().st_size if log.exists() else 0


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    item.log_sizes = {log: size_of(log) for server in servers_of(item) for log in server.logs}
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Beside a failure stands what the servers logged during the test."""
    report = (yield).get_result()
    if call.when == "call" and report.failed:
        for server in servers_of(item):
            for log in server.logs:
                text = tail(log, since=getattr(item, "log_sizes", {}).get(log, 0))
                report.sections.append((f"{log}, written during the test", text or "(nothing)"))
