"""Tokens that no server would issue: made from a real one, with the server's secret or another."""

import base64
import hashlib
import hmac
import json


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
