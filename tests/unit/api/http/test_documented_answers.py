"""Every kind of answer is what the OpenAPI document says of it."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from tests.unit.api.http.api_under_test import Api, api_on_fakes, png
from tests.unit.api.http.openapi_document import assert_documented, check

from rockseg_api.settings import ApiSettings
from rockseg_core.codec.bundle import encode_manifest, encode_ref, model_ref
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.testing.null_segmenter import NULL_MANIFEST

FILE = {"file": ("core.png", png())}


class Reader:
    """Sends requests and holds each answer against the document."""

    def __init__(self, api: Api, document: dict[str, Any]) -> None:
        self.api = api
        self.document = document

    async def ask(self, status: int, method: str, path: str, **more: Any) -> None:
        answer = await self.api.client.request(method, path, **more)
        assert answer.status_code == status, answer.text
        assert_documented(self.document, answer)


@pytest.fixture
async def reader(api: Api) -> Reader:
    return Reader(api, (await api.client.get("/schema/openapi.json")).json())


@pytest.mark.parametrize("form", ["json", "png", "mask", "confidence", "report"])
async def test_a_job_in_every_state_and_form(reader: Reader, form: str) -> None:
    api = reader.api
    queued, failed, finished = [await api.submit() for _ in range(3)]
    await api.fail(failed)
    await api.finish(finished)
    for job_id in (queued, failed, finished):
        await reader.ask(200, "GET", f"/job/{job_id}?form={form}")
    tag = {"if-none-match": (await api.client.get(f"/job/{finished}?form={form}")).headers["etag"]}
    await reader.ask(304, "GET", f"/job/{finished}?form={form}", headers=tag)
    api.log.unavailable = True
    await reader.ask(200, "GET", f"/job/{queued}?form={form}")
    await reader.ask(200, "GET", f"/job/{finished}?form={form}")
    await reader.ask(304, "GET", f"/job/{finished}?form={form}", headers=tag)
    await reader.ask(503, "GET", f"/job/{uuid4()}?form={form}")


async def test_what_is_refused_of_a_job(reader: Reader) -> None:
    job_id = await reader.api.submit()
    for method in ("GET", "DELETE"):
        await reader.ask(404, method, f"/job/{uuid4()}")
        await reader.ask(400, method, "/job/1")
        await reader.ask(401, method, f"/job/{job_id}", headers={"api-key": "rsk_0_0"})
        twice = [("api-key", "a"), ("api-key", "b")]
        await reader.ask(400, method, f"/job/{job_id}", headers=twice)
    await reader.ask(400, "GET", f"/job/{job_id}?form=jpeg")
    await reader.ask(400, "GET", f"/job/{job_id}?{'&'.join('a=1' for _ in range(100))}")
    await reader.ask(204, "DELETE", f"/job/{job_id}")
    await reader.ask(410, "GET", f"/job/{job_id}")
    await reader.ask(410, "DELETE", f"/job/{job_id}")


async def test_submits(reader: Reader) -> None:
    key = {"idempotency-key": "k"}
    await reader.ask(202, "POST", "/predict", files=FILE, headers=key)
    await reader.ask(202, "POST", "/predict", files=FILE, headers=key)
    await reader.ask(422, "POST", "/predict", files={"file": ("b", png(9, 9))}, headers=key)
    await reader.ask(400, "POST", "/predict", files=FILE, headers={"idempotency-key": ""})
    await reader.ask(400, "POST", "/predict", files=FILE, data={"mask_weight": "2"})
    await reader.ask(401, "POST", "/predict", files=FILE, headers={"api-key": "rsk_0_0"})
    await reader.ask(413, "POST", "/predict", files={"file": ("b", bytes(150_000))})
    await reader.ask(415, "POST", "/predict", files={"file": ("b", b"text")})
    await reader.ask(422, "POST", "/predict", files={"file": ("b", png()[:-20])})
    reader.api.store.fail_next(1)
    await reader.ask(503, "POST", "/predict", files=FILE)
    reader.api.log.fail_next(1)
    await reader.ask(503, "POST", "/predict", files=FILE)


async def test_submits_beyond_a_limit(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, submit_rate=0.1, submit_burst=1)) as api:
        reader = Reader(api, (await api.client.get("/schema/openapi.json")).json())
        await reader.ask(202, "POST", "/predict", files=FILE)
        await reader.ask(429, "POST", "/predict", files=FILE)


async def test_model_and_probes(reader: Reader) -> None:
    for path in ("/classes", "/model"):
        await reader.ask(503, "GET", path)
        await reader.ask(401, "GET", path, headers={"api-key": "rsk_0_0"})
    keys, body = ObjectKeys(), encode_manifest(NULL_MANIFEST)
    ref = model_ref(body, NULL_MANIFEST)
    await reader.api.store.put(keys.manifest(ref.name, ref.version), body, "application/json")
    await reader.api.store.put(keys.current_model(), encode_ref(ref), "application/json")
    for path in ("/classes", "/model", "/healthz", "/readyz"):
        await reader.ask(200, "GET", path)
    reader.api.parts.drain.draining = True
    await reader.ask(503, "GET", "/readyz")
    await reader.api.parts.view.stop()
    await reader.ask(503, "GET", "/healthz")


async def test_the_check_finds_what_does_not_fit(reader: Reader) -> None:
    body = (await reader.api.client.get(f"/job/{await reader.api.submit()}")).json()
    schema = {"$ref": "#/components/schemas/JobBody"}
    check(reader.document, schema, body, "body")
    for wrong in ({**body, "created_at": "now"}, {**body, "more": 1}, {"job_id": body["job_id"]}):
        with pytest.raises(AssertionError):
            check(reader.document, schema, wrong, "body")
