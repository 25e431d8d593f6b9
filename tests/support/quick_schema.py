"""Turns the plain part of JSON Schema into closures: load tests check every frame, and jsonschema takes a millisecond for one.

A closure says yes only to what fits. To the rest, and where a schema uses more than this knows, the caller asks jsonschema.
"""

import re

IGNORED = {"description", "title", "examples"}


class NotPlain(Exception):
    """The schema uses what is not known here."""


def compile_schema(schema, resolve):
    """A function of a value, true only if it fits; or None for a schema that is not plain."""
    try:
        return _compile(schema, resolve)
    except NotPlain:
        return None


def _compile(schema, resolve):
    if schema == {}:
        return lambda value: True
    if not isinstance(schema, dict):
        raise NotPlain
    if "$ref" in schema:
        return _compile(resolve(schema["$ref"]), resolve)
    rest = {name: value for name, value in schema.items() if name not in IGNORED}
    if not rest:
        return lambda value: True
    if set(rest) == {"const"} and isinstance(rest["const"], str):
        return lambda value, wanted=rest["const"]: value == wanted
    if set(rest) <= {"enum", "type"} and "enum" in rest and all(isinstance(item, str) for item in rest["enum"]):
        return lambda value, allowed=frozenset(rest["enum"]): isinstance(value, str) and value in allowed
    kind = rest.pop("type", None)
    if kind not in _KINDS:
        raise NotPlain
    return _KINDS[kind](rest, resolve)


def _only(rest, *known):
    if not set(rest) <= set(known):
        raise NotPlain


def _string(rest, _):
    _only(rest, "minLength", "maxLength", "pattern")
    least, most = rest.get("minLength", 0), rest.get("maxLength", 1 << 62)
    search = re.compile(rest.get("pattern", "")).search
    return lambda value: isinstance(value, str) and least <= len(value) <= most and search(value) is not None


def _integer(rest, _):
    _only(rest, "minimum", "maximum")
    least, most = rest.get("minimum", -(1 << 70)), rest.get("maximum", 1 << 70)
    return lambda value: type(value) is int and least <= value <= most


def _boolean(rest, _):
    _only(rest)
    return lambda value: isinstance(value, bool)


def _array(rest, resolve):
    _only(rest, "items", "maxItems")
    item, most = _compile(rest.get("items", {}), resolve), rest.get("maxItems", 1 << 62)
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(item, value))


def _object(rest, resolve):
    _only(rest, "properties", "required", "additionalProperties")
    if rest.get("additionalProperties") is not False:
        raise NotPlain
    checks = {name: _compile(schema, resolve) for name, schema in rest.get("properties", {}).items()}
    required = frozenset(rest.get("required", ()))

    def fits(value):
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for name, item in value.items():
            check = checks.get(name)
            if check is None or not check(item):
                return False
        return True
    return fits


_KINDS = {"string": _string, "integer": _integer, "boolean": _boolean, "array": _array, "object": _object}
