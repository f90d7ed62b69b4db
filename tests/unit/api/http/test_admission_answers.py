from pathlib import Path

from msgspec.structs import replace
from tests.unit.api.http.api_under_test import api_on_fakes, assert_problem, png

from rockseg_api.settings import ApiSettings


async def test_a_tenant_at_its_cap_gets_429_before_its_body_is_read(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, unfinished_jobs=1)) as api:
        job_id = await api.submit()
        await api.record(job_id)  # through the barrier

        answer = await api.client.post("/predict", content=b"no form at all, which would be 400")

        assert_problem(answer, 429, "too_many_unfinished")
        assert answer.headers["retry-after"] == "5"
        await api.finish(job_id)
        await api.record(job_id)
        await api.submit()


async def test_a_queue_that_is_too_long_is_503_for_everybody(tmp_path: Path, settings: ApiSettings) -> None:
    async with api_on_fakes(tmp_path, replace(settings, queue_share=0.25, lifetime_seconds=400.0)) as api:
        await api.record(await api.submit())
        api.clock.advance(101)
        other = {"api-key": api.other_key}
        answer = await api.client.post("/predict", files={"file": png()}, headers=other)
        assert_problem(answer, 503, "queue_too_long")
        assert answer.headers["retry-after"] == "60"
