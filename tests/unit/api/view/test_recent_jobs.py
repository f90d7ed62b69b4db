import pytest
from tests.unit.api.view.replicas import LIFETIME_SECONDS, TENANT, Site

from rockseg_api.errors import JobUnknownError
from rockseg_api.view import table
from rockseg_api.view.reading import FORGET_SECONDS


@pytest.mark.parametrize("kept", [0, 1, 4096])
async def test_a_job_reads_the_same_from_memory_and_from_the_file(
    site: Site, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(table, "RECENT_JOBS", kept)
    async with site.view() as view:
        jobs = [await site.submit() for _ in range(3)]
        read = [(await view.get(TENANT, request.job_id)).job for request, _ in jobs]
        assert [job.job_id for job in read] == [request.job_id for request, _ in jobs]
        assert [job.photo_key for job in read] == [request.photo_key for request, _ in jobs]


async def test_rows_that_are_dropped_are_dropped_from_memory_too(site: Site) -> None:
    async with site.view() as view:
        request, _ = await site.submit()
        assert await view.barrier()
        site.clock.advance(LIFETIME_SECONDS + FORGET_SECONDS + 1)
        view.settle([request.job_id])
        assert view.prune() == 1
        with pytest.raises(JobUnknownError):
            await view.get(TENANT, request.job_id)
        assert view._table.read(request.job_id) is None
