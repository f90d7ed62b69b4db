"""What a look-up believes of a broker that lives in the past; none is connected to."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import LeaderNotAvailableError
from aiokafka.protocol.metadata import MetadataResponse_v5
from aiokafka.structs import OffsetAndMetadata

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries_lookup import GroupLookup
from rockseg_core.adapters.kafka.lookup import END, Lookup
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.ports.feed import Topic


async def test_leaders_of_before_are_not_believed_and_those_of_a_topic_made_anew_are() -> None:
    lookup = Lookup(KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092")), [Topic.JOBS], request_seconds=1)
    lookup._refuse_the_past({("first life", 0): 3, ("first life", 1): 3}, {})
    lookup._refuse_the_past({("first life", 0): 4}, {})
    with pytest.raises(LeaderNotAvailableError):
        lookup._refuse_the_past({("first life", 0): 3, ("first life", 1): 4}, {})
    lookup._refuse_the_past({("first life", 0): 4, ("first life", 1): 3}, {})
    lookup._refuse_the_past({("second life", 0): 0}, {})
    await lookup.close()


async def test_a_broker_that_does_not_know_a_partition_which_others_told_of_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or a job that stands there would be denied: the barrier would not wait for it."""
    lookup = Lookup(KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092")), [Topic.JOBS], request_seconds=1)
    topic_id, count = uuid4(), 4

    async def send(_node: int, _request: Any) -> Any:
        parts = [(0, number, 1, 5, [1], [1], [], {}) for number in range(count)]
        return SimpleNamespace(
            throttle_time_ms=0,
            brokers=[(1, "127.0.0.1", 9092, None, {})],
            cluster_id="",
            controller_id=1,
            topics=[(0, "rockseg.jobs", topic_id, False, parts, 0, {})],
        )

    monkeypatch.setattr(lookup, "_send", send)
    assert len(await lookup.partitions()) == 4
    count = 8
    assert len(await lookup.partitions()) == 8
    count = 4
    with pytest.raises(LeaderNotAvailableError):
        await lookup.partitions()
    topic_id = uuid4()  # made anew
    assert len(await lookup.partitions()) == 4
    await lookup.close()


async def test_a_cluster_put_back_to_an_earlier_state_is_believed_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lookup = Lookup(KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092")), [Topic.JOBS], request_seconds=1)
    lookup._refuse_the_past({("topic", 0): 8}, {})
    with pytest.raises(LeaderNotAvailableError):
        lookup._refuse_the_past({("topic", 0): 2}, {})
    monkeypatch.setattr("rockseg_core.adapters.kafka.lookup.PAST_SECONDS", 0.0)
    lookup._refuse_the_past({("topic", 0): 2}, {})
    lookup._refuse_the_past({("topic", 0): 2}, {})
    await lookup.close()


async def test_a_partition_without_a_leader_keeps_nobody_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092"))
    states, lookup = GroupLookup(connection), Lookup(connection, [Topic.JOBS], request_seconds=1)

    async def learn(_names: list[str]) -> None:
        parts = [(0, 0, 1, [1], [1], []), (5, 1, -1, [2], [], [2]), (0, 2, 1, [1], [1], [])]
        cluster = MetadataResponse_v5(0, [(1, "127.0.0.1", 9092, None)], "", 1, [(0, "rockseg.jobs", False, parts)])
        lookup._client.cluster.update_metadata(cluster)

    async def send(node: int, request: Any) -> Any:
        assert node == 1
        [(topic, asked)] = request._topics
        return SimpleNamespace(topics=[(topic, [(number, 0, -1, 7 if when == END else 0) for number, when in asked])])

    class Admin:
        async def list_consumer_group_offsets(self, _group: str, partitions: Any) -> Any:
            return {at: OffsetAndMetadata(3, "") for at in partitions}

    monkeypatch.setattr(lookup, "_learn", learn)
    monkeypatch.setattr(lookup, "_send", send)
    monkeypatch.setattr(states, "_clients", (Admin(), lookup))
    told = await states.states([0, 1, 2])
    assert {number: (state.committed, state.beginning, state.end) for number, state in told.items()} == {
        0: (3, 0, 7),
        2: (3, 0, 7),
    }
    await lookup.close()
