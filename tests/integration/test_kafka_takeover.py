"""How a partition is taken over; on a real broker."""

import asyncio
import inspect
from collections.abc import Collection, Mapping

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupLoadInProgressError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from tests.real.kafka_owners import QUICK, Crew, Hand, crew_of, soon, until, vanish

from rockseg_core.adapters.kafka import deliveries_assignment
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries_assignment import Assignment
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_lookup import GroupLookup, PartitionState
from rockseg_core.codec.commit_metadata import encode_window
from rockseg_core.domain.delivery import Delivery
from rockseg_core.domain.window import InFlight, Window


def told(deliveries: list[Delivery]) -> list[tuple[int, int]]:
    return [(delivery.position.offset, delivery.attempt) for delivery in deliveries]


async def test_being_assigned_awaits_nothing_and_leaves_all_paused_until_the_groups_state_is_read(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not inspect.iscoroutinefunction(Assignment.on_partitions_assigned)
    asked, answer = asyncio.Event(), asyncio.Event()
    real = GroupLookup.states

    async def held(self: GroupLookup, partitions: Collection[int]) -> Mapping[int, PartitionState]:
        asked.set()
        await answer.wait()
        return await real(self, partitions)

    monkeypatch.setattr(GroupLookup, "states", held)
    async with crew_of(kafka_bootstrap, 2) as crew:
        await crew.publish(3)
        hand = crew.hire()
        receiving = asyncio.ensure_future(hand.receive())
        await soon(asked.wait())
        assert hand._consumer is not None
        assert hand._consumer.paused() == hand._consumer.assignment()
        assert len(hand._consumer.assignment()) == 2
        await crew.publish(3)
        assert not receiving.done()
        answer.set()
        delivery = await soon(receiving)
        assert delivery is not None
        assert told([delivery]) == [(0, 1)]
        await hand.close()


async def test_a_partition_that_is_missing_from_the_answer_is_asked_for_again(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A coordinator that still loads looks like a group without offsets: whoever believed it would replay all."""
    real, asked = AIOKafkaAdminClient.list_consumer_group_offsets, list[set[int]]()

    async def forgetful(
        self: AIOKafkaAdminClient, group: str, partitions: list[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        asked.append({tp.partition for tp in partitions})
        if len(asked) == 1:
            return {}
        if len(asked) == 2:
            raise GroupLoadInProgressError
        found = await real(self, group, partitions=partitions)
        return {tp: state for tp, state in found.items() if tp.partition == 0 or len(asked) > 5}

    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(4, partition)
            window = Window(2, in_flight={2: InFlight(1, released=True)})
            await crew.commit({partition: (window.prefix, encode_window(window))})
        monkeypatch.setattr(AIOKafkaAdminClient, "list_consumer_group_offsets", forgetful)
        hand = crew.hire()
        found = await hand.take(4)
        assert sorted((d.position, d.attempt) for d in found) == [((0, 2), 1), ((0, 3), 1), ((1, 2), 1), ((1, 3), 1)]
        assert asked[:3] == [{0, 1}] * 3
        assert asked[3] == {1}
        assert hand.events[GroupEvent.LOOKUP_FAILED] == 1
        await hand.close()


async def test_a_partition_that_cannot_be_taken_over_for_a_bug_is_heard_of(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Assignment, "_assign", broken)
    async with crew_of(kafka_bootstrap) as crew:
        hand = crew.hire()
        with pytest.raises(ZeroDivisionError):
            await soon(hand.receive())
        with pytest.raises(ZeroDivisionError):
            await soon(hand.receive())
        await hand.close()


async def test_a_group_that_has_committed_nothing_starts_at_the_beginning(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(6)
        await crew.delete_records(4)
        hand = crew.hire()
        assert told(await hand.take(2)) == [(4, 1), (5, 1)]
        assert hand.events[GroupEvent.RECORDS_GONE] == 0
        await hand.close()


async def test_what_retention_took_before_the_takeover_holds_nobody_up(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(9)
        hand = crew.hire()
        found = await hand.take(4)
        await hand.acknowledge(found[2])
        await vanish(hand)
        await crew.delete_records(6)
        hand = crew.hire()
        assert told(await hand.take(3)) == [(6, 1), (7, 1), (8, 1)]
        assert hand.events[GroupEvent.RECORDS_GONE] == 1
        await hand.close()
        assert (await crew.committed()).prefix == 6


async def test_what_retention_takes_under_a_worker_is_skipped_and_what_runs_may_still_end(kafka_bootstrap: str) -> None:
    """`auto_offset_reset="none"`: aiokafka's own reset would leave the window behind."""
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(2000, value=b"x" * 300)
        hand = crew.hire()
        running = await hand.take(8)
        assert hand._consumer is not None
        await until(hand._consumer.paused)
        fetched = hand._dispatch.position(0)
        assert fetched < 1900
        await crew.delete_records(1900)
        for delivery in running:
            await soon(hand.acknowledge(delivery))
        offsets = []
        while not offsets or offsets[-1] < 1999:
            (delivery,) = await hand.take(1)
            offsets.append(delivery.position.offset)
            await soon(hand.acknowledge(delivery))
        assert set(offsets) >= set(range(1900, 2000))
        assert not set(offsets) & set(range(fetched, 1900))
        assert hand.events[GroupEvent.RECORDS_GONE] == 1
        assert (await crew.committed()).prefix == 2000
        await hand.close()


async def test_a_log_that_ends_before_what_was_committed_is_read_anew(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(3)
        await crew.commit({0: (50, "")})
        hand = crew.hire()
        assert told(await hand.take(3)) == [(0, 1), (1, 1), (2, 1)]
        assert hand.events[GroupEvent.LOG_ANEW] == 1
        await hand.close()


async def _committed_beyond_the_end(crew: Crew, records: int, committed: int) -> None:
    """As a leader who was deposed and does not know it tells of a partition: of the same topic, yet too short."""
    await crew.publish(records)
    lookup = GroupLookup(crew.connection)
    topic_id = (await lookup.states({0}))[0].topic_id
    await lookup.close()
    assert topic_id
    await crew.commit({0: (committed, encode_window(Window(committed), topic_id))})


async def test_a_leader_who_is_behind_is_not_believed(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await _committed_beyond_the_end(crew, 3, 5)
        hand = crew.hire()
        await hand.join()
        receiving = asyncio.ensure_future(hand.receive())
        assert hand._assignment is not None
        await until(lambda: 0 in hand._assignment._short_since)  # type: ignore[union-attr]
        assert hand.partitions == []
        await crew.publish(3)
        delivery = await soon(receiving)
        assert delivery is not None
        assert told([delivery]) == [(5, 1)]
        assert hand.events[GroupEvent.LOG_ANEW] == 0
        await hand.close()


async def test_a_log_that_stays_too_short_has_lost_its_end(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_assignment, "BEHIND_SECONDS", 0.3)
    async with crew_of(kafka_bootstrap) as crew:
        await _committed_beyond_the_end(crew, 2, 5)
        hand = crew.hire()
        assert told(await hand.take(2)) == [(0, 1), (1, 1)]
        assert hand.events[GroupEvent.LOG_ANEW] == 1
        await hand.close()


async def test_a_topic_made_anew_under_a_worker_is_read_from_its_beginning_once_what_runs_has_ended(
    kafka_bootstrap: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Or the end of an old job would be taken for that of a new one at the same offset."""
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(6)
        hand = crew.hire()
        for delivery in await hand.take(5):
            await hand.acknowledge(delivery)
        (running,) = await hand.take(1)
        assert running.position.offset == 5
        await crew.admin.delete_topics([crew.topic])
        async with asyncio.timeout(60):
            while (await crew.admin.create_topics([NewTopic(crew.topic, 1, 1)])).topic_errors[0][1]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # its deletion takes a moment
        await crew.publish(6, value=b"anew")
        waiting = asyncio.ensure_future(hand.receive())
        await until(lambda: "it waits for what still runs" in caplog.text)
        assert not waiting.done()
        await soon(hand.acknowledge(running))
        first = await soon(waiting)
        assert first is not None
        found = [first, *await hand.take(5)]
        assert told(found) == [(offset, 1) for offset in range(6)]
        assert {delivery.value for delivery in found} == {b"anew"}
        await hand.close()


async def test_metadata_of_an_unknown_version_means_attempt_one_for_all_and_is_counted(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(3)
        await crew.commit({0: (1, '{"v":99,"whatever":true}')})
        hand = crew.hire()
        assert told(await hand.take(2)) == [(1, 1), (2, 1)]
        assert hand.events[GroupEvent.UNKNOWN_METADATA] == 1
        await hand.close()


async def test_a_new_partition_is_noticed_and_read_from_its_beginning(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        hand = crew.hire()
        await hand.join()
        await crew.grow(3)
        await crew.publish(2, partition=2)
        found = await hand.take(2)
        assert [(d.position, d.attempt) for d in found] == [((2, 0), 1), ((2, 1), 1)]
        assert hand.partitions == [0, 1, 2]
        await hand.close()


async def test_a_topic_that_comes_later_is_waited_for(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap) as crew:
        late = f"{crew.topic}.late"
        hand = Hand(KafkaConnection(msgspec.structs.replace(crew.connection.settings, jobs_topic=late)), QUICK)
        receiving = asyncio.ensure_future(hand.receive())
        await until(lambda: hand._consumer is not None)
        await crew.admin.create_topics([NewTopic(late, 1, 1)])
        crew.topic = late
        await crew.publish(1)
        delivery = await soon(receiving)
        assert delivery is not None
        assert told([delivery]) == [(0, 1)]
        await hand.close()
