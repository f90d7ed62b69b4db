import asyncio
from pathlib import Path

import httpx
import pytest
from tests.unit.api.http.api_under_test import Api, api_on_fakes, png

from rockseg_api.http.problems import KINDS
from rockseg_api.settings import ApiSettings
from rockseg_core.codec.bundle import encode_manifest, encode_ref, model_ref
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.testing.null_segmenter import NULL_MANIFEST


async def keyless(api: Api, path: str) -> httpx.Response:
    api.client.headers.pop("api-key", None)
    return await api.client.get(path)


async def test_a_sound_replica_is_healthy_and_ready_without_a_key(api: Api) -> None:
    assert (await keyless(api, "/healthz")).json() == {"status": "ok"}
    ready = await keyless(api, "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "log": "ok", "store": "ok"})


async def test_an_outage_shows_in_the_body_and_never_in_the_status(api: Api) -> None:
    api.log.unavailable = api.store.unavailable = True
    ready = await keyless(api, "/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "log": "away", "store": "away"})
    assert (await keyless(api, "/healthz")).status_code == 200


async def test_a_store_that_hangs_shows_in_the_metrics_until_it_is_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_key: str) -> bool:
        await asyncio.Event().wait()
        return True

    assert api.sample("rockseg_api_store_reachable") == 1
    with monkeypatch.context() as patched:
        patched.setattr(api.store, "exists", hangs)
        assert (await keyless(api, "/readyz")).json()["store"] == "away"
        assert api.sample("rockseg_api_store_reachable") == 0
    while api.sample("rockseg_api_store_reachable") == 0:  # pytest's time-out is the deadline
        await keyless(api, "/readyz")


async def test_many_who_ask_at_once_cost_the_store_one_look(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, held, exists = 0, asyncio.Event(), api.store.exists

    async def counted(key: str) -> bool:
        nonlocal looks
        looks += 1
        await held.wait()
        return await exists(key)

    monkeypatch.setattr(api.store, "exists", counted)
    asking = [asyncio.create_task(keyless(api, "/readyz")) for _ in range(20)]
    await asyncio.wait(asking, timeout=0.1)
    held.set()
    assert {answer.json()["store"] for answer in await asyncio.gather(*asking)} == {"ok"}
    assert looks == 1


async def test_a_draining_replica_is_healthy_and_not_ready(api: Api) -> None:
    api.parts.drain.draining = True
    ready = await keyless(api, "/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert (await keyless(api, "/healthz")).status_code == 200


async def test_a_replica_without_its_first_catch_up_is_not_ready(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, settings, log_away=True) as api:
        ready = await keyless(api, "/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "starting"})
        assert (await keyless(api, "/healthz")).status_code == 200
        api.log.unavailable = False
        await api.parts.view.caught_up()
        assert (await keyless(api, "/readyz")).status_code == 200


async def test_a_replica_that_lost_its_follower_asks_for_a_restart(api: Api) -> None:
    await api.parts.view.stop()
    assert (await keyless(api, "/healthz")).status_code == 503


async def test_classes_and_model_come_from_the_store(api: Api) -> None:
    keys, body = ObjectKeys(), encode_manifest(NULL_MANIFEST)
    ref = model_ref(body, NULL_MANIFEST)
    await api.store.put(keys.manifest(ref.name, ref.version), body, "application/json")
    await api.store.put(keys.current_model(), encode_ref(ref), "application/json")
    classes = (await api.client.get("/classes")).json()
    assert classes[0] == {"index": 0, "name": "background", "rgb": [0, 0, 0], "group": "none", "code": "BG"}
    assert [rock["index"] for rock in classes] == list(range(12))
    assert (await api.client.get("/model")).json() == {
        "name": "null",
        "version": "1",
        "digest": ref.digest,
        "core_width_px": 160,
        "classes": 12,
    }


@pytest.mark.parametrize("path", ["/classes", "/model"])
async def test_before_a_worker_named_its_model_it_is_unknown(api: Api, path: str) -> None:
    answer = await api.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "model_unknown")
    assert answer.headers["retry-after"]


async def test_every_code_is_there_before_its_first_error(api: Api) -> None:
    assert {code: api.sample("rockseg_api_refused_total", code=code) for code in KINDS} == dict.fromkeys(KINDS, 0)


async def test_requests_are_counted_by_route_and_never_by_id(api: Api) -> None:
    job_id = await api.submit()
    await api.client.get(f"/job/{job_id}")
    await api.client.get("/wp-login.php")
    await api.client.post("/predict", files={"photo": png()})
    job = {"route": "/job/{job_id}", "method": "GET", "status": "200"}
    assert api.sample("rockseg_api_requests_total", **job) == 1
    assert api.sample("rockseg_api_requests_total", route="none", method="GET", status="404") == 1
    assert api.sample("rockseg_api_refused_total", code="file_missing") == 1
    assert api.sample("rockseg_api_submits_total") == 1
    assert api.sample("rockseg_api_upload_bytes_total") == len(png())
    assert api.sample("rockseg_api_view_ready") == 1
    assert api.sample("rockseg_api_view_applied_total") == 1
