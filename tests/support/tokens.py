"""Tokens that no server would issue: made from a real one, with the server's secret or another."""

import base64
import hashlib
import hmac
import json
import subprocess


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


def sign(header, claims, key):
    signed = encode(json.dumps(header).encode()) + "." + encode(json.dumps(claims).encode())
    return signed + "." + encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())


def key_of(server, token):
    """The bytes that the server signs with: what the secret's file holds, without the end of its line."""
    key = server.jwt_secret.read_bytes().strip()
    header, claims, signature = token.split(".")
    assert encode(hmac.new(key, f"{header}.{claims}".encode(), hashlib.sha256).digest()) == signature
    return key


def altered(server, token, header=None, **claims):
    """The token with other claims (None removes one), signed with the right key."""
    changed = {name: value for name, value in (claims_of(token) | claims).items() if value is not None}
    return sign(header or {"alg": "HS256", "typ": "JWT"}, changed, key_of(server, token))


def make_rsa_key(folder, name):
    """name.pem with an RSA key of its own, and name.pub with its public half: the path of the first."""
    for command in (f"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out {name}.pem",
                    f"pkey -in {name}.pem -pubout -out {name}.pub"):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return folder / f"{name}.pem"


def jwk_of(key, kid):
    """The public half of an RSA key as a JWKS holds it."""
    words = ["openssl", "rsa", "-in", str(key), "-noout", "-modulus"]
    modulus = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip().removeprefix("Modulus=")
    return {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": encode(bytes.fromhex(modulus)), "e": "AQAB"}


def sign_rs256(kid, claims, key):
    signed = encode(json.dumps({"alg": "RS256", "typ": "JWT", "kid": kid}).encode()) + "." + encode(json.dumps(claims).encode())
    words = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    return signed + "." + encode(subprocess.run(words, input=signed.encode(), check=True, capture_output=True).stdout)
