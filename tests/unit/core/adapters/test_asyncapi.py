"""docs/asyncapi.yaml against what is written: golden files, record definitions, headers, topic names."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import yaml
from tests.contract.examples import a_request, an_event

from rockseg_core.adapters.kafka.cloud_events import cut_headers, dead_letter_headers, event_headers, request_headers
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, JobOptions, JobStatus, ModelRef, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import Topic

ROOT = Path(__file__).parents[4]
DOCUMENT = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
MESSAGES = DOCUMENT["components"]["messages"]
GOLDEN = sorted((ROOT / "tests" / "data").glob("job_*.json"))
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TYPES = {"string": str, "integer": int, "number": (int, float), "object": dict, "null": type(None)}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = DOCUMENT
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found) | {name: value for name, value in schema.items() if name != "$ref"}


def check(value: Any, schema: dict[str, Any], where: str = "") -> None:
    """As much of JSON Schema as the document uses; of objects also that no field goes undescribed."""
    schema = resolved(schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not kinds or any(isinstance(value, TYPES[kind]) for kind in kinds), (where, value)
    assert value == schema.get("const", value), (where, value)
    assert value in schema.get("enum", [value]), (where, value)
    assert re.search(schema.get("pattern", ""), value if isinstance(value, str) else ""), (where, value)
    if "minimum" in schema:
        assert value >= schema["minimum"], (where, value)
    match schema.get("format"):
        case "uuid":
            UUID(value)
        case "date-time":
            assert datetime.fromisoformat(value).tzinfo is not None, (where, value)
    if isinstance(value, dict):
        fields = described(schema)
        assert set(required(schema)) <= value.keys(), where
        for name, one in value.items():
            assert name in fields, f"{where}.{name} is not in the document"
            for part in fields[name]:
                check(one, part, f"{where}.{name}")


def described(schema: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for part in map(resolved, schema.get("allOf", [schema])):
        for name, field in part.get("properties", {}).items():
            found.setdefault(name, []).append(field)
    return found


def required(schema: dict[str, Any]) -> list[str]:
    return [name for part in map(resolved, schema.get("allOf", [schema])) for name in part.get("required", [])]


def headers(found: list[tuple[str, bytes]]) -> dict[str, str]:
    assert len(dict(found)) == len(found)
    return {name: value.decode() for name, value in found}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_records_are_as_described(path: Path) -> None:
    value = json.loads(path.read_bytes())
    schema = resolved(SCHEMAS["jobRequest" if value["type"] == "job_request" else "jobEvent"])
    if path.stem.endswith("_next"):  # by a newer writer: with fields that are not there yet
        value = {name: one for name, one in value.items() if name in schema["properties"]}
        value["options"] = {
            name: one for name, one in value["options"].items() if name in SCHEMAS["options"]["properties"]
        }
        for name in ("model", "error"):
            if value.get(name):
                known = schema["properties"][name]["properties"]
                value[name] = {field: one for field, one in value[name].items() if field in known}
    check(value, schema)


@pytest.mark.parametrize(
    ("name", "struct"), [("jobRequest", JobRequest), ("jobEvent", JobEvent), ("options", JobOptions)]
)
def test_every_field_of_a_record_is_described_and_no_other(name: str, struct: type[msgspec.Struct]) -> None:
    tag = {"type"} if struct is not JobOptions else set()
    assert SCHEMAS[name]["properties"].keys() == set(struct.__struct_fields__) | tag
    needed = {field.name for field in msgspec.structs.fields(struct) if field.required}
    assert needed <= set(SCHEMAS[name].get("required", [])) | ({"type"} if tag else set())


def test_the_parts_of_an_event_are_described() -> None:
    event = SCHEMAS["jobEvent"]["properties"]
    assert event["error"]["properties"].keys() == set(JobError.__struct_fields__)
    assert event["model"]["properties"].keys() == set(ModelRef.__struct_fields__)
    assert set(event["kind"]["enum"]) == {status.value for status in JobStatus} - {"queued"}


@pytest.mark.parametrize("traceparent", [None, TRACEPARENT])
def test_the_headers_of_each_record_are_as_described(traceparent: str | None) -> None:
    request = a_request()
    written = headers(request_headers(request, traceparent))
    check(written, MESSAGES["jobRequest"]["headers"])
    assert ("traceparent" in written) == (traceparent is not None)
    assert written["ce_subject"] == str(request.job_id)
    for kind in (JobStatus.STARTED, JobStatus.FINISHED, JobStatus.FAILED, JobStatus.ERASED):
        check(headers(event_headers(an_event(request, kind), traceparent)), MESSAGES["jobEvent"]["headers"])
    for given_up in (request, None):
        delivery = Delivery(RequestPosition(3, 7), 3, b"k", b"v", given_up)
        letter = headers(dead_letter_headers(delivery, JobError("worker_crashed", "It did."), "jobs", traceparent))
        check(letter, MESSAGES["deadLetter"]["headers"])
        check(letter | headers(cut_headers(None, b"value")), MESSAGES["deadLetter"]["headers"])
        assert letter["rockseg_origin"] == "jobs/3/7"


def test_a_copy_has_the_same_id_and_another_step_has_another() -> None:
    request = a_request()
    steps = [an_event(request, kind) for kind in (JobStatus.STARTED, JobStatus.FINISHED)]
    steps += [an_event(request, JobStatus.STARTED, attempt=2), an_event(request, JobStatus.STARTED, offset=9)]
    ids = [headers(event_headers(step, None))["ce_id"] for step in steps]
    ids.append(headers(request_headers(request, None))["ce_id"])
    assert len(set(ids)) == len(ids)
    assert headers(event_headers(steps[0], TRACEPARENT))["ce_id"] == ids[0]


def test_a_time_is_what_the_record_says() -> None:
    written = headers(request_headers(a_request(), None))
    assert datetime.fromisoformat(written["ce_time"]).timestamp() == a_request().accepted_at


def test_channels_bear_the_default_names_of_the_topics() -> None:
    names = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert names == set(KafkaSettings(brokers="one:9092").topics.values()) == {topic.value for topic in Topic}


def test_consumers_are_told_which_event_counts() -> None:
    assert "Consumers take the first terminal event of a job" in DOCUMENT["info"]["description"]


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            resolved(node)
            for one in node.values():
                walk(one)

    walk(DOCUMENT)
