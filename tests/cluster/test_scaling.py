"""(3) Workers come with the jobs and go with them, and no job notices."""

import asyncio
from pathlib import Path

from tests.cluster.command import until
from tests.cluster.pod_watch import watched
from tests.cluster.release import Platform, null_model
from tests.faults.clients import client_of, png
from tests.faults.witness import witnessing

from rockseg_core.domain.job import JobStatus

JOBS, WORKERS = 200, 4
GRACE_SECONDS = 70  # the chart's
QUICK = {"minReplicas": 0, "maxReplicas": WORKERS, "lagThreshold": 25, "pollingSeconds": 2, "cooldownSeconds": 10}
DOWN = {"stabilizationSeconds": 0, "pods": 1, "periodSeconds": 5}
VALUES = {"inference": {**null_model("2s"), "keda": {"enabled": True, "scaleDown": DOWN, **QUICK}}}


async def test_the_lag_brings_workers_and_takes_them_away_and_every_job_ends_at_its_first_attempt(
    platform: Platform, tmp_path: Path
) -> None:
    with platform.namespace("scaling") as release, watched("scaling", "inference", tmp_path) as pods:
        await asyncio.to_thread(release.upgrade, VALUES)
        until(lambda: not release.pods("inference"), "no jobs, no workers")
        async with (
            witnessing(release.kafka) as witness,
            client_of([release.url], release.key) as client,
        ):
            job_ids = await asyncio.gather(*(client.submit(png(number)) for number in range(JOBS)))
            await witness.until_ended(JOBS)
            last = max(event.at for events in witness.events.values() for event in events)
        until(lambda: not release.pods("inference") and not pods.ending(), "all have gone", 180)
        ended, most = pods.ended(), pods.most()
        during = sum(end.at < last for end in ended)
        print(  # noqa: T201
            f"\n{JOBS} jobs, 0 → {most} → 0 workers; {len(ended)} ended, {during} of them while jobs ran, "
            f"the slowest within {max(end.seconds for end in ended):.0f} s of {GRACE_SECONDS}"
        )

    assert set(witness.ended) == set(job_ids)
    assert set(witness.ended.values()) == {JobStatus.FINISHED}
    assert {witness.attempts(job_id) for job_id in job_ids} == {1}
    assert most == WORKERS
    assert during > 0, "the point is that they go while jobs run"
    assert {end.exit_code for end in ended} == {0}
    assert all(end.seconds < GRACE_SECONDS for end in ended), ended
