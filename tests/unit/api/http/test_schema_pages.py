"""The OpenAPI document says what the service does, and its page needs no other host."""

import re
from typing import Any

import pytest
from tests.unit.api.http.api_under_test import Api

from rockseg_api.http.options import RESULT_FORMS
from rockseg_api.http.problems import KINDS

OPERATIONS = {
    ("post", "/predict"): "submitJob",
    ("get", "/job/{job_id}"): "readJob",
    ("delete", "/job/{job_id}"): "eraseJob",
    ("get", "/classes"): "listClasses",
    ("get", "/model"): "readModel",
    ("get", "/healthz"): "readHealth",
    ("get", "/readyz"): "readReadiness",
}


@pytest.fixture
async def document(api: Api) -> dict[str, Any]:
    answer = await api.client.get("/schema/openapi.json", headers={"api-key": ""})
    assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    parsed: dict[str, Any] = answer.json()
    return parsed


async def test_every_operation_is_there_under_its_name(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    found = {
        (method, path): operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert found == OPERATIONS


async def test_all_but_the_probes_ask_for_the_key(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["apiKey"] | {"description": ""} == {
        "type": "apiKey",
        "name": "api-key",
        "in": "header",
        "description": "",
    }
    for path, item in document["paths"].items():
        for operation in item.values():
            expected = None if path in {"/healthz", "/readyz"} else [{"apiKey": []}]
            assert operation.get("security", document.get("security")) == expected, path
            assert ("401" in operation["responses"]) == bool(expected), path


async def test_the_form_and_the_parameters_are_described(document: dict[str, Any]) -> None:
    form = document["paths"]["/predict"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert set(form["properties"]) == {"file", "mask_weight", "core_width_px", "px_per_mm", "core_mm"}
    assert form["properties"]["mask_weight"] | {"description": ""} == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 1.0,
        "default": 0.5,
        "description": "",
    }
    [key] = document["paths"]["/predict"]["post"]["parameters"]
    assert (key["name"], key["in"], key["schema"]["maxLength"]) == ("Idempotency-Key", "header", 255)
    parameters = {found["name"]: found for found in document["paths"]["/job/{job_id}"]["get"]["parameters"]}
    assert list(parameters) == ["job_id", "form", "legend", "mask_weight", "If-None-Match"]
    assert parameters["job_id"]["required"] is True
    assert parameters["form"]["schema"]["enum"] == list(RESULT_FORMS)


async def test_every_code_of_the_table_stands_with_an_operation(document: dict[str, Any]) -> None:
    """But for those that no operation of its own gives."""
    described = "".join(
        response["description"]
        for item in document["paths"].values()
        for operation in item.values()
        for status, response in operation["responses"].items()
        if "application/problem+json" in response.get("content", {})
    )
    missing = {code for code in KINDS if f"`{code}`" not in described}
    assert missing == {"not_found", "method_not_allowed", "upload_interrupted", "head_too_large", "connections_busy"}
    assert all(f"`{code}`" in document["info"]["description"] for code in KINDS)


async def test_errors_are_problems_and_no_framework_s(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and operation["operationId"] not in {"readHealth", "readReadiness"}:
                    assert list(response["content"]) == ["application/problem+json"], (operation, status)
    assert "status" not in document["components"]["schemas"]["Problem"]["properties"]


async def test_a_finished_job_is_json_or_a_picture(document: dict[str, Any]) -> None:
    finished = document["paths"]["/job/{job_id}"]["get"]["responses"]["200"]
    assert list(finished["content"]) == ["application/json", "image/png"]
    assert list(finished["headers"]) == ["Rockseg-Stale", "ETag"]
    assert set(document["components"]["schemas"]["JobBody"]["properties"]) == {
        *("job_id", "status", "created_at", "started_at", "finished_at", "error", "result", "error_code")
    }


async def test_examples_keep_their_nulls(document: dict[str, Any]) -> None:
    """A client's author has to see `"result": null`."""
    finished = document["paths"]["/job/{job_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    examples = {example["summary"]: example["value"] for example in finished["examples"].values()}
    assert list(examples) == ["started", "finished", "failed"]
    assert examples["started"]["result"] is None
    assert examples["finished"]["result"]["detected_classes"] == {"mudstone": [152, 223, 138]}
    assert examples["failed"]["error_code"] == "worker_crashed"


async def test_the_root_leads_to_the_schema(api: Api) -> None:
    answer = await api.client.get("/", headers={"api-key": ""})
    assert (answer.status_code, answer.headers["location"]) == (302, "/schema")


async def test_the_page_and_all_it_loads_come_from_here(api: Api) -> None:
    page = await api.client.get("/schema", headers={"api-key": ""})
    assert page.headers["content-type"].startswith("text/html")
    assert "https://" not in page.text
    assert "http://" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        if link.startswith("data:"):
            continue
        asset = await api.client.get(link, headers={"api-key": ""})
        assert asset.status_code == 200
        expected = "text/css" if link.endswith(".css") else "text/javascript"
        assert asset.headers["content-type"].startswith(expected)
        assert "sourceMappingURL" not in asset.text
        assert not re.search(r"url\((?!\"?data:|#)", asset.text if link.endswith(".css") else ""), link
        assert not re.search(r"https?://[^\s\"']*(jsdelivr|unpkg|googleapis|cdnjs)", asset.text), link
