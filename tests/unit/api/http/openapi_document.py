"""Holds an answer against the service's own OpenAPI document: status, headers, media type and body."""

import re
from typing import Any
from uuid import UUID

import httpx

# Of the transport and of caches; the document says what is special to an operation.
PLAIN_HEADERS = {"content-type", "content-length", "cache-control", "date", "connection", "allow"}


def assert_documented(document: dict[str, Any], answer: httpx.Response) -> None:
    operation = _operation(document, answer.request.method, answer.request.url.path)
    described = operation["responses"].get(str(answer.status_code))
    assert described, f"{operation['operationId']} has no {answer.status_code}"
    headers = {name.lower(): header["schema"] for name, header in described.get("headers", {}).items()}
    for name, value in answer.headers.items():
        if name not in PLAIN_HEADERS:
            assert name in headers, f"{operation['operationId']} {answer.status_code} has no header {name}"
            check(document, headers[name], int(value) if headers[name]["type"] == "integer" else value, name)
    if not answer.content:
        assert not described.get("content")
        return
    media_type = answer.headers["content-type"]
    assert media_type in described["content"], f"{operation['operationId']} {answer.status_code}: {media_type}"
    if media_type.endswith("json"):
        check(document, described["content"][media_type]["schema"], answer.json(), "body")
        if "problem" in media_type:
            assert f"`{answer.json()['code']}`" in described["description"]


def check(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> None:
    """The parts of JSON Schema that the document uses; whatever else it may come to use fails here."""
    known = {"type", "properties", "required", "oneOf", "$ref", "items", "prefixItems", "additionalProperties", "enum"}
    told = {"description", "title", "format", "default", "minimum", "maximum", "examples"}
    assert not set(schema) - known - told, f"{at}: {set(schema) - known - told}"
    if "$ref" in schema:
        check(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value, at)
    if "oneOf" in schema:
        fits = [one for one in schema["oneOf"] if _fits(document, one, value)]
        assert len(fits) == 1, f"{at} fits {len(fits)} of {len(schema['oneOf'])} schemas"
    if "enum" in schema:
        assert value in schema["enum"], at
    if "type" in schema:
        assert _is(schema["type"], value), f"{at} is no {schema['type']}"
    if schema.get("format") == "uuid":
        assert str(UUID(value)) == value, at
    if isinstance(value, dict):
        _check_object(document, schema, value, at)
    elif isinstance(value, list):
        first = schema.get("prefixItems", [])
        for number, item in enumerate(value):
            check(document, first[number] if number < len(first) else schema.get("items", {}), item, f"{at}[{number}]")


def _check_object(document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str) -> None:
    if "properties" in schema:
        assert not set(schema["required"]) - set(value), f"{at} lacks {set(schema['required']) - set(value)}"
        assert not set(value) - set(schema["properties"]), f"{at}: {set(value) - set(schema['properties'])} is not told"
    for name, item in value.items():
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        check(document, inner, item, f"{at}.{name}")


def _fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    try:
        check(document, schema, value, "")
    except AssertionError:
        return False
    return True


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    types = {"string": str, "integer": int, "object": dict, "array": list, "null": type(None), "boolean": bool}
    return isinstance(value, (int, float)) if kind == "number" else isinstance(value, types[kind])


def _operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    for template, item in document["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path):
            operation: dict[str, Any] = item[method.lower()]
            return operation
    raise AssertionError(path)
