"""While no dead letter is taken, as where a right on that topic is missing, all else goes on."""

import pytest
from inference_works import POISON, GatedSegmenter, Works, png, until
from typing_extensions import override

from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobError, JobStatus
from rockseg_core.ports.feed import Topic
from rockseg_core.testing.memory_log import MemoryLog
from rockseg_core.testing.null_segmenter import NullSegmenter
from rockseg_inference.endings import CRASHED, INTERNAL
from rockseg_inference.settings import WorkerSettings


class NoLetters(MemoryLog):
    taken = False

    @override
    async def publish_dead_letter(self, delivery: Delivery, error: JobError) -> None:
        if not self.taken:
            raise LogUnavailableError
        await super().publish_dead_letter(delivery, error)


@pytest.fixture
def refused(works: Works) -> NoLetters:
    works.log = log = NoLetters(works.clock)
    return log


async def test_strays_hold_up_no_job(works: Works, refused: NoLetters) -> None:
    for number in range(works.limits.jobs_in_flight):
        refused.append(Topic.JOBS, 0, b"no record", b"%d" % number)
    good = [await works.submit(png((index, 5, 5)), lifetime=1e11) for index in range(20)]
    works.start()
    await until(works.ended(*good))
    refused.taken = True
    await until(lambda: len(refused.dead_letters) == works.limits.jobs_in_flight)


async def test_a_job_that_crashed_its_workers_holds_up_no_other(works: Works, refused: NoLetters) -> None:
    works.limits = WorkerSettings(max_attempts=1)
    works.segmenter = segmenter = GatedSegmenter()
    works.start()
    crashed = await works.submit(lifetime=1e11)
    await until(lambda: segmenter.entered)
    await works.killed()
    works.segmenter = NullSegmenter()
    other = await works.submit(png((5, 5, 5)), lifetime=1e11)
    works.start()
    await until(works.ended(other))
    assert not works.ended(crashed)()
    refused.taken = True
    await until(works.ended(crashed))
    assert works.events(crashed)[-1].error == CRASHED


async def test_a_poison_holds_up_no_other_and_fails_once_its_letter_is_taken(works: Works, refused: NoLetters) -> None:
    works.start()
    poison = await works.submit(png(POISON), lifetime=1e11)
    await until(
        lambda: works.count("rockseg_worker_transient_faults_total", step="dead_letter", code="log_unavailable")
    )
    other = await works.submit(png((5, 5, 5)), lifetime=1e11)
    await until(works.ended(other))
    assert works.kinds(other)[-1] is JobStatus.FINISHED
    refused.taken = True
    await until(works.ended(poison))
    assert works.events(poison)[-1].error == INTERNAL
    assert {event.attempt for event in works.events(poison)} == {1, 2, 3}
