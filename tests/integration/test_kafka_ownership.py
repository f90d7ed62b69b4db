"""Who may commit, and when; on a real broker."""

import asyncio
import inspect
from pathlib import Path

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from tests.real.choice import no_real_part
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars
from tests.real.kafka_owners import QUICK, crew_of, soon, until

from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_ownership import Ownership, OwnershipLostError, States
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.codec.commit_metadata import encode_window
from rockseg_core.domain.dispatch import MAX_WINDOW
from rockseg_core.domain.window import MAX_SPAN, InFlight, Window


async def test_aiokafka_still_has_what_ownership_looks_into(kafka_bootstrap: str) -> None:
    assert list(inspect.signature(GroupCoordinator._do_commit_offsets).parameters) == ["self", "assignment", "offsets"]
    async with crew_of(kafka_bootstrap) as crew:
        hand = crew.hire()
        await hand.join()
        assert hand._consumer is not None
        coordinator = hand._consumer._coordinator
        assert isinstance(coordinator, GroupCoordinator)
        assert coordinator.generation == 1
        assert coordinator.member_id
        assert not coordinator._coordination_task.done()


async def test_whoever_holds_a_delivery_finds_it_named_in_what_is_committed(kafka_bootstrap: str) -> None:
    async with crew_of(kafka_bootstrap, 2) as crew:
        for partition in (0, 1):
            await crew.publish(12, partition)
        hand = crew.hire()
        for turn in range(16):
            (delivery,) = await hand.take(1)
            at = delivery.position
            assert (await crew.committed(at.partition)).in_flight[at.offset] == InFlight(1)
            if turn % 3:
                await hand.acknowledge(delivery)
                window = await crew.committed(at.partition)
                assert at.offset in window.done or at.offset < window.prefix
        await hand.close()


async def test_a_delivery_whose_commit_is_refused_does_not_start(tmp_path: Path) -> None:
    """A broker that takes no metadata refuses each commit that would name a start."""
    cluster = KafkaCluster(
        installed_jars() or no_real_part("Kafka"), tmp_path, properties={"offset.metadata.max.bytes": "8"}
    )
    try:
        cluster.start()
        async with crew_of(cluster.bootstrap) as crew:
            await crew.publish(3)
            hand = crew.hire()
            receiving = asyncio.ensure_future(hand.receive())
            await until(lambda: hand.events[GroupEvent.COMMIT_FAILED] >= 3)
            assert not receiving.done()
            hand.stop()
            assert await soon(receiving) is None
            await soon(hand.close())
    finally:
        cluster.stop()


async def test_one_commit_is_in_flight_at_a_time_over_all_partitions(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[States] = []
    in_flight = most = 0
    real = Ownership.commit

    async def watched(self: Ownership, states: States) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        commits.append(states)
        await real(self, states)
        in_flight -= 1

    monkeypatch.setattr(Ownership, "commit", watched)
    async with crew_of(kafka_bootstrap, 3) as crew:
        for partition in range(3):
            await crew.publish(40, partition)
        hand = crew.hire()

        async def work() -> None:
            for _ in range(10):
                (delivery,) = await hand.take(1)
                await hand.acknowledge(delivery)

        await asyncio.gather(*(work() for _ in range(12)))
        await hand.close()
        assert [(await crew.committed(partition)).prefix for partition in range(3)] == [40, 40, 40]
    assert most == 1
    assert max(len(states) for states in commits) == 3
    assert len(commits) < 240  # 120 starts and 120 acknowledgements: they join


async def test_a_broker_takes_a_commit_without_a_generation_while_the_group_is_empty(kafka_bootstrap: str) -> None:
    """Why ownership looks at the generation itself: aiokafka sends -1 once a session has expired."""
    async with crew_of(kafka_bootstrap) as crew:
        await crew.commit({0: (7, "")})
        assert (await crew.committed()).prefix == 7


async def test_one_whose_session_expired_commits_nothing_and_starts_nothing_before_it_has_joined_again(
    kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    real = GroupCoordinator._do_commit_offsets

    async def watched(self: GroupCoordinator, assignment: object, offsets: object) -> None:
        sent.append(self.generation)
        await real(self, assignment, offsets)

    monkeypatch.setattr(GroupCoordinator, "_do_commit_offsets", watched)
    async with crew_of(kafka_bootstrap) as crew:
        await crew.publish(3)
        hand = crew.hire()
        (running,) = await hand.take(1)
        before = await crew.committed()
        assert hand._consumer is not None
        coordinator = hand._consumer._coordinator
        # What its heartbeat does on UnknownMemberId; and the broker has no member any more, so the group is empty.
        await coordinator._maybe_leave_group()
        assert coordinator.generation == -1
        joins = hand.events[GroupEvent.REBALANCED]
        waiting = asyncio.ensure_future(hand.receive())
        await soon(hand.acknowledge(running))
        if hand.events[GroupEvent.REBALANCED] == joins:
            assert not waiting.done()
            assert await crew.committed() == before
        other = await soon(waiting)
        assert hand.events[GroupEvent.REBALANCED] == joins + 1
        assert other is not None
        # What ended while the partition was gone was not forgotten.
        assert (other.position.offset, other.attempt) == (1, 1)
        await hand.close()
        assert (await crew.committed()).prefix == 1
    assert -1 not in sent


async def test_a_commit_whose_answer_is_read_after_the_session_has_ended_says_nothing(kafka_bootstrap: str) -> None:
    """As for one that was stopped (SIGSTOP) between its request and the answer, which waits in the socket."""
    blink = GroupSettings(session_seconds=1e-5, heartbeat_seconds=1e-6)
    async with crew_of(kafka_bootstrap) as crew:
        hand = crew.hire()
        await hand.join()
        with pytest.raises(OwnershipLostError):
            await Ownership(hand._consumer, crew.topic, blink).commit({0: (0, "")})
        await Ownership(hand._consumer, crew.topic, QUICK).commit({0: (0, "")})


async def test_the_largest_window_that_may_come_about_fits_the_brokers_metadata(kafka_bootstrap: str) -> None:
    far = 10**12
    running = {far + MAX_SPAN - 1 - 2 * index: InFlight(3, released=True) for index in range(MAX_WINDOW)}
    window = Window(far, set(range(far + 1, far + MAX_SPAN)) - running.keys(), running | {far: InFlight(1)})
    async with crew_of(kafka_bootstrap) as crew:
        await crew.commit({0: (window.prefix, encode_window(window))})
        assert await crew.committed() == window
