"""web/client/asyncapi.json, docs/protocol.md and the source say the same of codes and frames."""

import json
import re

import jsonschema
import pytest
from support import asyncapi
from support.quick_schema import compile_schema
from support.servers import ROOT

PROTOCOL = (ROOT / "docs/protocol.md").read_text()
ERRORS_SOURCE = (ROOT / "shared/core/errors.cpp").read_text()
ERRORS_HEADER = (ROOT / "shared/core/errors.hpp").read_text()
MESSAGES = asyncapi.DOCUMENT["components"]["messages"]


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## )", PROTOCOL, re.M | re.S)[1]


def rows(title):
    """The cells of a table of docs/protocol.md, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_error_codes_are_the_source_s():
    source = re.findall(r'\{Errc::(\w+),\s*"(\w+)",\s*"[^"]*",\s*(true|false),\s*(\d+),\s*(\d+)\}', ERRORS_SOURCE)
    assert len(source) == ERRORS_SOURCE.count("{Errc::"), "the table is not written as this test reads it"
    assert all(code == name for code, name, *_ in source)
    described = [(entry["code"], entry["again"], entry.get("retry_after_ms", 0), entry["http"])
                 for entry in asyncapi.DOCUMENT["x-error-codes"]]
    assert described == [(name, again == "true", int(wait), int(http)) for _, name, again, wait, http in source]
    assert asyncapi.DOCUMENT["components"]["schemas"]["errorCode"]["enum"] == [code for code, *_ in described]


def test_the_error_codes_are_the_protocol_page_s():
    def again(entry):
        wait = entry.get("retry_after_ms")
        return f"after {wait / 1000:g} s" if wait else "yes" if entry["again"] else "no"
    described = [[f"`{entry['code']}`", str(entry["http"]), again(entry)] for entry in asyncapi.DOCUMENT["x-error-codes"]]
    assert described == [row[:3] for row in rows("Errors")]


def test_the_close_codes_are_the_source_s():
    enum = re.search(r"enum class CloseCode[^{]*\{(.*?)\}", ERRORS_HEADER, re.S)[1]
    source = [(int(code), name) for name, code in re.findall(r"(\w+) = (\d+)", enum)]
    assert [(entry["code"], entry["name"]) for entry in asyncapi.DOCUMENT["x-close-codes"]] == source
    assert [name for name in re.findall(r"case CloseCode::(\w+):", ERRORS_SOURCE)] == [name for _, name in source]


def test_the_close_codes_are_the_protocol_page_s():
    page = {row[0]: row[1] for row in rows("Close codes") if row[0].isdigit()}
    sent = {str(entry["code"]): entry["reason"] for entry in asyncapi.DOCUMENT["x-close-codes"] if entry["sent"]}
    assert sent == page
    reserved = re.search(r"^.*reserved in the server's\s+list", section("Close codes"), re.M | re.S)[0].split("\n\n")[-1]
    unsent = {str(entry["code"]) for entry in asyncapi.DOCUMENT["x-close-codes"] if not entry["sent"]}
    assert unsent == set(re.findall(r"\b\d{4}\b", reserved.rpartition("code.")[2]))


def test_every_reference_leads_somewhere():
    def follow(part):
        if isinstance(part, dict):
            if "$ref" in part:
                asyncapi.resolve(part["$ref"])
            for value in part.values():
                follow(value)
        elif isinstance(part, list):
            for value in part:
                follow(value)
    follow(asyncapi.DOCUMENT)


def test_every_message_is_of_a_channel_and_of_an_operation():
    channels = [entry["$ref"] for channel in asyncapi.DOCUMENT["channels"].values() for entry in channel["messages"].values()]
    assert sorted(channels) == sorted(f"#/components/messages/{name}" for name in MESSAGES)
    said = {asyncapi.resolve(entry["$ref"])["$ref"] for operation in asyncapi.DOCUMENT["operations"].values()
            for entry in operation["messages"]}
    assert said == set(channels)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_s_schema_is_one_and_fits_its_examples(name):
    message = MESSAGES[name]
    jsonschema.Draft7Validator.check_schema(message["payload"])
    schema = asyncapi.Schema(message["payload"])
    assert message["examples"]
    for example in message["examples"]:
        assert schema.problem(example["payload"]) is None


@pytest.mark.parametrize("name", [name for name in MESSAGES if not name.startswith("client")])
def test_a_message_of_ours_has_no_field_that_is_not_described(name):
    schema = asyncapi.Schema(MESSAGES[name]["payload"])
    for example in MESSAGES[name]["examples"]:
        assert schema.problem(example["payload"] | {"extra": 1})
        for field in schema.whole.schema.get("required", []):
            assert schema.problem({key: value for key, value in example["payload"].items() if key != field})


def changed(value):
    """Values like this one, and some that are not."""
    yield from (None, True, 7, -2, 1.5, "", "x" * 20000, "A b\n", [], {}, [value], {"a": value})
    if isinstance(value, dict):
        yield value | {"extra": 1}
        for name in value:
            yield {key: item for key, item in value.items() if key != name}
            for other in changed(value[name]):
                yield value | {name: other}
    elif isinstance(value, list) and value:
        for other in changed(value[0]):
            yield [other]


@pytest.mark.parametrize("name", MESSAGES)
def test_the_quick_check_lets_nothing_through_that_jsonschema_refuses(name):
    schema = asyncapi.Schema(MESSAGES[name]["payload"])
    if compile_schema(MESSAGES[name]["payload"], asyncapi.resolve) is None:
        assert name.startswith("client"), "what comes in numbers is checked quickly"
        return
    for example in MESSAGES[name]["examples"]:
        for value in changed(json.loads(json.dumps(example["payload"]))):
            assert not schema.quick(value) or schema.whole.is_valid(value), value


def test_a_frame_that_is_not_described_is_noted():
    for frame in ({"type": "nonsense"}, {"type": "ack", "id": "c1", "room": "general"}, [], "text",
                  {"type": "left", "room": "general", "extra": 1}):
        asyncapi.received(frame)
        assert len(asyncapi.take_problems()) == 1, frame


def test_an_answer_that_does_not_go_with_the_schema_is_noted():
    good, bad = {"type": "leave", "room": "general", "id": "x"}, {"type": "leave", "room": "General", "id": "x"}
    for frame, answer, problems in (
            (good, {"type": "left"}, 0), (good, {"type": "error", "code": "not_a_member"}, 0), (bad, {"type": "left"}, 1),
            (good, {"type": "error", "code": "bad_room"}, 1), (bad, {"type": "error", "code": "bad_room"}, 0),
            (bad, {"type": "error", "code": "busy"}, 1)):
        asyncapi.answered(frame, answer)
        assert len(asyncapi.take_problems()) == problems, (frame, answer)
