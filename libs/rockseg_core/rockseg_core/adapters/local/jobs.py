from typing import Final
from zlib import crc32

import msgspec
from typing_extensions import override

from rockseg_core.adapters.local.log import EmbeddedLog
from rockseg_core.adapters.local.operations import Append
from rockseg_core.codec.records import encode
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.job import JobError, RequestPosition
from rockseg_core.domain.records import JobEvent, JobRequest
from rockseg_core.ports.feed import LogPartition, Topic
from rockseg_core.ports.log import JobLog

_note: Final = msgspec.json.Encoder()


class LocalJobLog(JobLog):
    """Publishing to the embedded log."""

    def __init__(self, log: EmbeddedLog) -> None:
        self._log = log
        self._partitions = sum(at.topic is Topic.JOBS for at in log.ends)

    @override
    async def publish_request(self, request: JobRequest) -> RequestPosition:
        partition = crc32(request.job_id.bytes) % self._partitions
        at = LogPartition(Topic.JOBS, partition)
        return RequestPosition(partition, await self._log.append(Append(at, _key(request), encode(request))))

    @override
    async def publish_event(self, event: JobEvent) -> None:
        at = LogPartition(Topic.JOB_EVENTS, event.request_partition)
        await self._log.append(Append(at, _key(event), encode(event)))

    @override
    async def publish_dead_letter(self, delivery: Delivery, error: JobError) -> None:
        at = LogPartition(Topic.DEAD_LETTER, delivery.position.partition)
        about = {
            "code": error.code,
            "sentence": error.sentence,
            "partition": delivery.position.partition,
            "offset": delivery.position.offset,
            "attempt": delivery.attempt,
        }
        await self._log.append(Append(at, delivery.key, delivery.value, _note.encode(about).decode()))


def _key(record: JobRequest | JobEvent) -> bytes:
    return str(record.job_id).encode()
