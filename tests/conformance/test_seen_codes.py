"""Runs last (conftest.py): every code that web/client/asyncapi.json lists was seen on the wire by some test of this run."""

import pytest
from support import asyncapi

NOT_YET = "the server does not send it yet"
# What no test of this folder can bring about, and why. Take off what is sent.
NOT_PROVOKED = {
    "internal": "a defect of the server: there is none that a test could count on",
    "restarting": "only between the signal and the goodbye, milliseconds later: seen by chance (tests/cluster/test_faults.py)",
    "unavailable": "the log is never out of reach here: tests/cluster/test_broker.py stops the broker",
    "unknown_outcome": "the same",
    4008: "said to who does not read, so that it may never leave the server's buffers (test_slow.py)",
}


def test_every_error_code_was_seen(full_run):
    if not full_run:
        pytest.skip("only a run of all conformance tests can tell")
    missing = {code for code in asyncapi.ERROR_CODES if code not in asyncapi.seen_errors and code not in NOT_PROVOKED}
    assert not missing, f"never seen: {sorted(missing)}"
    early = {code for code in asyncapi.seen_errors if NOT_PROVOKED.get(code) == NOT_YET}
    assert not early, f"seen, though the list says they are not sent yet: {sorted(early)}"


def test_every_close_code_was_seen(full_run):
    if not full_run:
        pytest.skip("only a run of all conformance tests can tell")
    sent = {code for code, entry in asyncapi.CLOSE_CODES.items() if entry["sent"]}
    missing = {code for code in sent if code not in asyncapi.seen_closes and code not in NOT_PROVOKED}
    assert not missing, f"never seen: {sorted(missing)}"
    assert asyncapi.seen_closes <= sent, f"seen, though not described as sent: {sorted(asyncapi.seen_closes - sent)}"
