"""Every error is a problem: of addresses, methods, keys and bugs too; the table holds every code there is."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.api.http.api_under_test import Api, api_on_fakes, assert_problem, png

import rockseg_api.errors
import rockseg_core.domain.errors
from rockseg_api.http.problems import KINDS, RefusedError, errors_table, problem_answer
from rockseg_api.settings import ApiSettings
from rockseg_core.domain.errors import PHOTO_CODES


def test_every_error_that_may_reach_a_client_has_a_row() -> None:
    ours = [kind for kind in vars(rockseg_api.errors).values() if isinstance(kind, type)]
    codes = {kind.code for kind in ours if kind.__module__ == "rockseg_api.errors"}
    assert codes | PHOTO_CODES | {"store_unavailable", "log_unavailable", "internal_error"} <= set(KINDS)


def test_the_table_of_the_docs_names_each_code_once() -> None:
    assert all(errors_table().count(f"| `{code}` |") == 1 for code in KINDS)


def test_a_refusal_of_a_code_without_a_row_is_a_bug() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        RefusedError("nonsense", "No.")


def test_a_wait_is_told_in_whole_seconds() -> None:
    assert dict(problem_answer("render_busy", retry_after_seconds=1.2).headers)["retry-after"] == "2"


@pytest.mark.parametrize(
    "path", ["/nothing", "/job", "/job/1/2", "/schema/nothing", "/schema/static/x.js", "/schema/a.json"]
)
async def test_an_unknown_address_is_a_problem(api: Api, path: str) -> None:
    assert_problem(await api.client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", "OPTIONS, POST"),
        ("PUT", "/job/1", "DELETE, GET, HEAD, OPTIONS"),
        ("DELETE", "/classes", "GET, HEAD, OPTIONS"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_a_problem_that_lists_the_right_ones(
    api: Api, method: str, path: str, allowed: str
) -> None:
    answer = await api.client.request(method, path)
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == allowed
    options = await api.client.options(path)
    assert (options.status_code, options.headers.get_list("allow")) == (204, [allowed])


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "api_key_missing"),
        ({"api-key": ""}, "api_key_unknown"),
        ({"api-key": "rsk_"}, "api_key_unknown"),
        ({"api-key": "rsk_" + "x" * 100_000}, "api_key_unknown"),
        ({"api-key": "ümlaut".encode()}, "api_key_unknown"),
        ({"authorization": "Bearer x"}, "api_key_missing"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/predict"), ("GET", "/job/1"), ("DELETE", "/job/1"), ("GET", "/classes"), ("GET", "/model")],
)
async def test_without_a_known_key_nothing_is_told(
    api: Api, method: str, path: str, headers: dict[str, str], code: str
) -> None:
    del api.client.headers["api-key"]
    answer = await api.client.request(method, path, headers=headers)
    assert_problem(answer, 401, code)
    assert answer.headers["www-authenticate"]
    assert api.store.objects == {}


async def test_a_bug_tells_the_client_a_reference_and_the_log_no_message(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("a secret: rsk_1_2")

    monkeypatch.setattr(api.parts.view, "get", broken)
    with capture_logs() as logs:
        answer = await api.client.get("/job/0b0f6a6e-6f0e-4c39-9a51-0f3f8f6f2a11")
    problem = assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    [entry] = [entry for entry in logs if entry["event"] == "request failed"]
    assert entry["request_id"] == problem["request_id"]
    assert entry["error"] == "LookupError"
    assert "secret" not in str(logs)


async def test_an_error_without_a_row_is_a_500_that_keeps_its_sentence(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise rockseg_core.domain.errors.RecordUndecodableError("in /var/lib/somewhere")

    monkeypatch.setattr(api.parts.view, "get", broken)
    answer = await api.client.get("/job/0b0f6a6e-6f0e-4c39-9a51-0f3f8f6f2a11")
    assert_problem(answer, 500, "internal_error")
    assert "somewhere" not in answer.text


async def test_a_key_that_submits_too_fast_waits_and_other_keys_do_not(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, submit_rate=0.5, submit_burst=3)) as api:
        assert [(await api.client.post("/predict")).status_code for _ in range(3)] == [400] * 3
        answer = await api.client.post("/predict", files={"file": png()})
        assert_problem(answer, 429, "rate_limited")
        assert answer.headers["retry-after"] == "2"
        other = await api.client.post("/predict", files={"file": png()}, headers={"api-key": api.other_key})
        assert other.status_code == 202
        assert (await api.client.get(f"/job/{other.json()['job_id']}")).status_code == 404
        assert api.sample("rockseg_api_rate_limited_total") == 1
