"""Tokens that no server of ours would issue: none is good, at any edge, whatever their header says of their key."""

import base64
import json
import subprocess
import time

import pytest
from support import tokens
from support.https import request
from support.people import Person, account
from support.servers import LocalServer, make_folder
from support.waiting import wait_until
from support.wsclient import unique

HS256 = {"alg": "HS256", "typ": "JWT"}


def is_good(edge, token):
    answer = Person(edge, "", token).ask("GET", "/me")
    assert answer.status == 200 or (answer.status, answer.error_code) == (401, "bad_token"), answer.text
    return answer.status == 200


def header_of(token):
    return json.loads(tokens.decode(token.split(".")[0]))


def unsigned(header, claims):
    return f"{tokens.encode(json.dumps(header).encode())}.{tokens.encode(json.dumps(claims).encode())}."


@pytest.fixture
def good(edge):
    return account(edge).token


def refused(server, forgeries):
    for kind, token in forgeries.items():
        for edge in server.edges:
            assert not is_good(edge, token), f"{kind} is good at {edge.name}"


def test_the_token_names_its_key_issuer_audience_and_account(edge, good):
    header, claims = header_of(good), tokens.claims_of(good)
    assert header["alg"] == "HS256"
    assert header["kid"]
    assert (claims["iss"], claims["aud"]) == ("roomcast", "roomcast")
    assert {"sub", "aid", "iat", "exp", "jti"} <= set(claims)
    assert "guest" not in claims


def test_a_token_that_is_signed_with_our_key_is_good(server, good):
    """What the forgeries below differ from."""
    for header in (HS256, header_of(good), {"alg": "HS256"}):
        assert is_good(server.edge, tokens.altered(server, good, header=header))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "null", None, 0, [], {}])
def test_a_token_without_a_signature_is_refused(server, good, alg):
    claims, kid = tokens.claims_of(good), header_of(good)["kid"]
    forgeries = {}
    for name, header in {"bare": {"alg": alg}, "with the kid": {"alg": alg, "typ": "JWT", "kid": kid}}.items():
        forgeries[name] = unsigned(header, claims)
        forgeries[name + ", and its old signature"] = unsigned(header, claims) + good.split(".")[2]
        forgeries[name + ", signed"] = tokens.altered(server, good, header=header)
        forgeries[name + ", signed with nothing"] = tokens.sign(header, claims, b"")
    refused(server, forgeries)


@pytest.mark.parametrize("alg", ["HS384", "HS512", "RS256", "RS512", "ES256", "PS256", "EdDSA", "hs256", "HS256 ", ["HS256"]])
def test_another_algorithm_is_refused_even_when_the_signature_is_right(server, good, alg):
    kid = header_of(good)["kid"]
    refused(server, {
        "without kid": tokens.altered(server, good, header={"alg": alg, "typ": "JWT"}),
        "with kid": tokens.altered(server, good, header={"alg": alg, "typ": "JWT", "kid": kid}),
    })


@pytest.mark.parametrize("kid", ["", "0", "unknown", "../../../../dev/null", "/dev/null", "' OR 1=1 --", "a\0b", "k" * 500, 0,
                                 None, True, [], {}, ["kid"]])
def test_a_kid_that_we_do_not_have_is_refused(server, good, kid):
    header, claims = HS256 | {"kid": kid}, tokens.claims_of(good)
    refused(server, {
        "signed with our key": tokens.altered(server, good, header=header),
        "signed with nothing": tokens.sign(header, claims, b""),
        "signed with a zero": tokens.sign(header, claims, b"\0"),
        "signed with the kid": tokens.sign(header, claims, str(kid).encode()),
    })


def test_a_key_that_the_token_brings_along_is_not_used(server, good):
    own = b"a key of my own, and long enough"
    jwk = {"kty": "oct", "k": tokens.encode(own), "alg": "HS256"}
    claims, kid = tokens.claims_of(good), header_of(good)["kid"]
    refused(server, {
        "jwk": tokens.sign(HS256 | {"jwk": jwk}, claims, own),
        "jwk and kid": tokens.sign(HS256 | {"jwk": jwk, "kid": kid}, claims, own),
        "jku": tokens.sign(HS256 | {"jku": "https://evil.example/jwks.json", "kid": "mine"}, claims, own),
        "x5c": tokens.sign(HS256 | {"x5c": [base64.b64encode(own).decode()]}, claims, own),
        "crit": tokens.altered(server, good, header=HS256 | {"crit": ["exp"]}),
    })


@pytest.mark.parametrize("claims", [
    {"iss": "evil"}, {"iss": None}, {"iss": ["roomcast"]}, {"iss": ""},
    {"aud": "evil"}, {"aud": None}, {"aud": []}, {"aud": ["evil"]}, {"aud": {"roomcast": 1}},
    {"exp": None}, {"exp": 0}, {"exp": -1}, {"exp": "9999999999"}, {"exp": 9999999999.5}, {"exp": True},
    {"nbf": 9999999999}, {"nbf": "0"}, {"iat": 9999999999}, {"iat": "0"},
    {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": "a" * 65}, {"sub": "a\nb"}, {"guest": "true"}, {"guest": 1},
], ids=str)
def test_claims_that_do_not_count_are_refused_although_signed(server, good, claims):
    refused(server, {"signed": tokens.altered(server, good, **claims)})


def test_a_token_that_has_run_out_is_refused_to_the_second(server, good):
    assert not is_good(server.edge, tokens.altered(server, good, exp=int(time.time())))
    assert is_good(server.edge, tokens.altered(server, good, exp=int(time.time()) + 30))


def test_a_token_that_is_good_for_a_year_is_taken_back_by_logout(server, good):
    """As an outside issuer may give: the log of what was taken back does not remember that long."""
    token = tokens.altered(server, good, jti=unique("for-a-year"), exp=int(time.time()) + 365 * 86_400)
    assert is_good(server.edge, token)
    answer = Person(server.edge, "", token).ask("POST", "/logout")
    assert answer.status == 204, answer.text
    for edge in server.edges:
        wait_until(lambda at=edge: not is_good(at, token), f"the token is refused by {edge.name}")


def test_a_list_of_audiences_that_names_ours_is_good(server, good):
    assert is_good(server.edge, tokens.altered(server, good, aud=["others", "roomcast"]))


def test_a_token_that_was_tampered_with_is_refused(server, good):
    header, claims, signature = good.split(".")
    promoted = tokens.encode(json.dumps(tokens.claims_of(good) | {"sub": "root"}).encode())
    flipped = signature[:5] + ("B" if signature[5] == "A" else "A") + signature[6:]
    refused(server, {
        "another user": f"{header}.{promoted}.{signature}",
        "another signature": f"{header}.{claims}.{flipped}",
        "a cut signature": f"{header}.{claims}.{signature[:-4]}",
        "no signature": f"{header}.{claims}.",
        "two parts": f"{header}.{claims}",
        "four parts": f"{good}.{signature}",
        "an empty part": f"{header}..{claims}.{signature}",
        "padded": f"{good}=",
        "no header": f".{claims}.{signature}",
        "a header that is no JSON": f"{tokens.encode(b'hello')}.{claims}.{signature}",
        "a header that is a list": f"{tokens.encode(b'[]')}.{claims}.{signature}",
        "dots": "..",
        "another secret": tokens.sign(HS256, tokens.claims_of(good), b"another secret"),
    })


@pytest.fixture
def own_server():
    """A server that signs with an RSA key; with the folder of the key."""
    folder = make_folder("keys")
    tokens.make_rsa_key(folder, "rsa")
    subprocess.run("openssl pkey -in rsa.pem -pubout -outform DER -out rsa.der".split(), cwd=folder, check=True, capture_output=True)
    keys = {"keys": [{"kid": "ours", "alg": "RS256", "private_key_file": str(folder / "rsa.pem")}], "sign_with": "ours"}
    (folder / "keys.json").write_text(json.dumps(keys))
    with LocalServer(extra_flags=["--jwt-keys-file", folder / "keys.json"]) as server:
        server.keys = folder
        yield server


def test_a_public_key_is_not_taken_for_a_secret(own_server):
    edge, keys = own_server.edge, own_server.keys
    good = account(edge).token
    assert header_of(good) == {"alg": "RS256", "typ": "JWT", "kid": "ours"}
    assert is_good(edge, good)
    jwks = request(edge, "GET", "/.well-known/jwks.json")
    (jwk,) = jwks.json["keys"]
    assert (jwk["kty"], jwk["kid"]) == ("RSA", "ours")
    assert not {"d", "p", "q", "k"} & set(jwk)
    pem, claims = (keys / "rsa.pub").read_bytes(), tokens.claims_of(good)
    secrets = {"PEM": pem, "PEM without its last line's end": pem.rstrip(), "DER": (keys / "rsa.der").read_bytes(),
               "modulus": tokens.decode(jwk["n"]), "modulus as text": jwk["n"].encode(), "JWKS": jwks.body, "nothing": b""}
    for alg in ("HS256", "RS256", "none"):
        refused(own_server, {f"{name} as {alg}": tokens.sign({"alg": alg, "typ": "JWT", "kid": "ours"}, claims, secret)
                             for name, secret in secrets.items()})
    refused(own_server, {"the signature of other claims": ".".join(
        [good.split(".")[0], tokens.encode(json.dumps(claims | {"sub": "root"}).encode()), good.split(".")[2]])})
