"""Checks that Schemathesis runs beside its own (SCHEMATHESIS_HOOKS): no header and no 5xx but those that are described."""

import schemathesis

# Of every answer; web/client/openapi.json says so in its introduction.
ALWAYS = {"server", "date", "content-length", "connection", "x-content-type-options", "content-type"}
MAY_FAIL = (503, 504)  # an overloaded machine


@schemathesis.check
def no_defect(ctx, response, case):
    """A 500 is described, as it could come; it must not."""
    if response.status_code >= 500 and response.status_code not in MAY_FAIL:
        raise AssertionError(f"the server's defect: {response.status_code} {response.text}")


@schemathesis.check
def described_headers(ctx, response, case):
    responses = case.operation.definition.raw["responses"]
    described = responses.get(str(response.status_code))
    if described is None:  # status_code_conformance's to say
        return
    while "$ref" in described:
        part = case.operation.schema.raw_schema
        for name in described["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        described = part
    extra = {name.lower() for name in response.headers} - ALWAYS - {name.lower() for name in described.get("headers", {})}
    if extra:
        raise AssertionError(f"headers that are not described: {sorted(extra)}")
