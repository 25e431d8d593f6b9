"""Keys that sign tokens: changed without a restart, and none that could be guessed."""

import json
import signal
import subprocess

import pytest
from support import tokens
from support.people import Person, account
from support.servers import EDGE, LocalServer, free_ports, make_folder
from support.waiting import eventually, wait_until
from support.wsclient import Crowd, unique

BAD_TOKEN = (401, "bad_token")
OLD, GOOD = "old!" * 8, "good" * 8  # 256 bits


class Keys:
    """A keys file with one secret and one RSA key in it, and which of them signs."""

    def __init__(self):
        self.folder = make_folder("keys")
        self.file = self.folder / "keys.json"
        (self.folder / "old.secret").write_text(OLD)
        tokens.make_rsa_key(self.folder, "new")
        self.entries = {"old": {"kid": "old", "alg": "HS256", "secret_file": "old.secret"},
                        "new": {"kid": "new", "alg": "RS256", "private_key_file": "new.pem"}}

    def hold(self, *kids, sign_with):
        self.file.write_text(json.dumps({"keys": [self.entries[kid] for kid in kids], "sign_with": sign_with}))


@pytest.fixture
def keys():
    keys = Keys()
    keys.hold("old", sign_with="old")
    return keys


@pytest.fixture
def own_server(keys):
    with LocalServer(extra_flags=["--jwt-keys-file", keys.file]) as server:
        yield server


@pytest.fixture
def visitors(own_server):
    return Crowd(own_server)


def kid_of(token):
    return json.loads(tokens.decode(token.split(".")[0]))["kid"]


def is_good(edge, token):
    return Person(edge, "", token).ask("GET", "/me").status == 200


def log_of(server):
    return server.logs[0].read_text()


async def test_a_new_key_signs_after_a_sighup_and_old_tokens_stay_good(own_server, visitors, keys):
    edge, alice = own_server.edge, account(own_server.edge)
    old = alice.token
    assert kid_of(old) == "old"
    client = await alice.comes_in(visitors)
    keys.hold("old", "new", sign_with="new")
    own_server.signal(signal.SIGHUP)
    await eventually(lambda: kid_of(alice.logs_in().token) == "new", "the new key signs")
    assert is_good(edge, alice.token)
    assert is_good(edge, old)
    assert (await visitors.connect(token=old)).user == alice.user
    await client.send({"type": "refresh", "token": alice.token})
    await client.expect("refreshed")

    keys.hold("new", sign_with="new")
    own_server.signal(signal.SIGHUP)
    await eventually(lambda: not is_good(edge, old), "a key that was taken out lets nobody in")
    assert is_good(edge, alice.token)


@pytest.mark.parametrize("text", ["{", '{"keys":[],"sign_with":"old"}', '{"keys":[{"kid":"a"}],"sign_with":"a"}'])
def test_a_keys_file_that_is_no_good_leaves_the_keys_as_they_were(own_server, keys, text):
    token = account(own_server.edge).token
    keys.file.write_text(text)
    own_server.signal(signal.SIGHUP)
    wait_until(lambda: "token_keys_not_reloaded" in log_of(own_server), "the refusal is logged")
    assert is_good(own_server.edge, token)
    assert kid_of(account(own_server.edge).token) == "old"


def end_of(*flags):
    """(exit status, lines of stderr) of an edge that does not start."""
    folder = make_folder("weak")
    words = [EDGE, "--local", "--data-dir", folder / "data", "--tls", "off", "--listen", "127.0.0.1", "--port", free_ports(1),
             "--metrics-port", 0, *flags]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr.splitlines()


def refused_at_start(flags, secret, path):
    status, lines = end_of(*flags)
    assert status == 2
    assert len(lines) == 1, lines
    assert str(path) in lines[0]
    assert not secret or secret not in lines[0], "nothing of it is shown"


@pytest.mark.parametrize("secret", ["", "shrt", "x" * 31, "x" * 31 + "\n"], ids=["empty", "4 bytes", "248 bits", "a line's end"])
def test_a_secret_below_256_bits_is_refused_at_start(secret):
    path = make_folder("weak") / "jwt.secret"
    path.write_text(secret)
    refused_at_start(["--jwt-secret-file", path], secret.strip(), path)


def test_a_secret_below_256_bits_is_refused_in_a_keys_file_too():
    keys = Keys()
    keys.hold("old", sign_with="old")
    (keys.folder / "old.secret").write_text(OLD[:-1])
    path = keys.folder / "good.secret"
    path.write_text(GOOD)
    refused_at_start(["--jwt-secret-file", path, "--jwt-keys-file", keys.file], OLD[:-1], keys.folder)


def test_an_rsa_key_below_2048_bits_is_refused_at_start():
    keys = Keys()
    keys.hold("new", sign_with="new")
    path = keys.folder / "good.secret"
    path.write_text(GOOD)
    subprocess.run("openssl genrsa -out new.pem 1024".split(), cwd=keys.folder, check=True, capture_output=True)
    refused_at_start(["--jwt-secret-file", path, "--jwt-keys-file", keys.file], "", keys.folder)
