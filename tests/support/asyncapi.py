"""web/client/asyncapi.json as the tests use it: frames are held to its schemas, and codes that were seen are remembered.

A frame that does not fit is noted, not raised: it may come while nobody waits for it. The test during which it came fails
at its end (tests/conftest.py).
"""

import json
import pathlib
import re

import jsonschema

from support.quick_schema import compile_schema



def pythonic(part):
    """The same with patterns as Python's `re` must have them: there `$` also stands before a last end of line."""
    if isinstance(part, dict):
        return {name: re.sub(r"\$$", r"\\Z", value) if name == "pattern" and isinstance(value, str) else pythonic(value)
                for name, value in part.items()}
    return [pythonic(item) for item in part] if isinstance(part, list) else part


DOCUMENT = pythonic(json.loads((pathlib.Path(__file__).parents[2] / "web/client/asyncapi.json").read_text()))
ERROR_CODES = {entry["code"]: entry for entry in DOCUMENT["x-error-codes"]}
CLOSE_CODES = {entry["code"]: entry for entry in DOCUMENT["x-close-codes"]}
# What the server says of a frame that is not as the schemas ask; other refusals are of frames that are.
REFUSES_FORM = {"bad_frame", "unknown_type", "bad_room", "bad_id"}
ENDED_WITHOUT_A_CODE = (None, 1005, 1006)

seen_errors, seen_closes = set(), set()
_problems = []


def resolve(reference):
    part = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def messages_of(operation):
    """The messages of an operation, by name."""
    messages = [resolve(resolve(entry["$ref"])["$ref"]) for entry in DOCUMENT["operations"][operation]["messages"]]
    return {message["name"]: message for message in messages}


class Schema:
    """One schema of the document: a quick check, and jsonschema for what that one does not pass or does not know."""

    def __init__(self, schema):
        self.quick = compile_schema(schema, resolve)
        resolver = jsonschema.RefResolver("", DOCUMENT)
        self.whole = jsonschema.Draft7Validator(schema, resolver=resolver)

    def problem(self, value):
        """What is wrong with a value; None if it fits."""
        if self.quick is not None and self.quick(value):
            return None
        error = jsonschema.exceptions.best_match(self.whole.iter_errors(value))
        return error and f"at {list(error.absolute_path)}: {error.message[:300]}"


CLIENT_FRAMES = {name: Schema(message["payload"]) for name, message in messages_of("fromClient").items()}
SERVER_FRAMES = {name: Schema(message["payload"]) for name, message in messages_of("toClient").items()}


def problem_of_client_frame(frame):
    kind = frame.get("type", "short")
    if not isinstance(kind, str) or kind not in CLIENT_FRAMES:
        return f"no frame of the type {kind!r} is described"
    return CLIENT_FRAMES[kind].problem(frame)


def problem_of_server_frame(frame):
    if not isinstance(frame, dict) or frame.get("type") not in SERVER_FRAMES:
        return "no frame of that type is described"
    return SERVER_FRAMES[frame["type"]].problem(frame)


def note(problem, frame):
    _problems.append(f"{problem}: {json.dumps(frame, ensure_ascii=False)[:500]}")


def take_problems():
    """What did not fit since the last call."""
    problems = _problems[:]
    _problems.clear()
    return problems


def received(frame):
    """A frame came from the server."""
    if problem := problem_of_server_frame(frame):
        note(f"the server's frame is not as described, {problem}", frame)
    elif frame["type"] == "error":
        seen_errors.add(frame["code"])


def answered(frame, answer):
    """The server's answer to a client's frame: it takes what is described, and only that."""
    problem = problem_of_client_frame(frame)
    refused_for_its_form = answer["type"] == "error" and answer["code"] in REFUSES_FORM
    if refused_for_its_form and problem is None and "type" in frame:
        note(f"{answer['code']}, although the client's frame is as described", frame)
    if not refused_for_its_form and problem is not None and answer.get("code") != "text_too_long":
        note(f"answered with {answer['type']} {answer.get('code', '')}, although the client's frame is not as described, "
             f"{problem}", frame)


def closed(code):
    """A connection ended, with that code in the server's close frame."""
    if code in ENDED_WITHOUT_A_CODE:
        return
    seen_closes.add(code)


def answered_by_http(status, code):
    """An error came as an HTTP answer."""
    if code not in ERROR_CODES:
        note("an error code that is not described", {"status": status, "code": code})
    else:
        seen_errors.add(code)
