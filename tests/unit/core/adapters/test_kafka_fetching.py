"""What a reader makes of brokers' answers when it has to fetch by hand; none is connected to."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException, KafkaError
from aiokafka.structs import TopicPartition
from tests.unit.core.adapters.test_kafka_unpacking import batch

from rockseg_core.adapters.kafka.fetching import Reader

AT = TopicPartition("jobs", 0)


class Consumer:
    """Of an AIOKafkaConsumer that has met a batch it cannot unpack as much as its reader looks at.

    It is its own client, cluster and fetcher; `answers` are what a broker says, one after another.
    """

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self._client = self.cluster = self._fetcher = self.error_future = self

    def done(self) -> bool:
        return False

    def assignment(self) -> set[TopicPartition]:
        return {AT}

    def paused(self) -> set[TopicPartition]:
        return set()

    def seek(self, _at: TopicPartition, _position: int) -> None:
        pass

    def leader_for_partition(self, _at: TopicPartition) -> int:
        return 1

    async def getmany(self, **_: int) -> Any:
        raise CorruptRecordException

    async def send(self, _leader: int, _request: Any) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(*partitions: tuple[Any, ...], throttle_time_ms: int = 0) -> Any:
    topics = [(AT.topic, list(partitions))] if partitions else []
    return SimpleNamespace(topics=topics, throttle_time_ms=throttle_time_ms)


async def test_an_answer_without_partitions_is_a_spent_quota_and_asked_for_again() -> None:
    whole = answer((0, 0, 2, 2, 0, None, -1, batch(0, b"a", b"b")))
    consumer: Any = Consumer(answer(throttle_time_ms=1), answer(throttle_time_ms=1), whole)
    found = await Reader(consumer).read({AT: 0}, 0.1)
    assert [(record.offset, record.value) for record in found[AT]] == [(0, b"a"), (1, b"b")]


async def test_a_quota_that_stays_spent_and_a_connection_that_is_gone_are_worth_another_try() -> None:
    spent: Any = Consumer(*[answer() for _ in range(100)])
    with pytest.raises(KafkaError):
        await Reader(spent).read({AT: 0}, 0.1)
    gone: Any = Consumer(KeyError((1, 0)))
    with pytest.raises(KafkaError):
        await Reader(gone).read({AT: 0}, 0.1)
