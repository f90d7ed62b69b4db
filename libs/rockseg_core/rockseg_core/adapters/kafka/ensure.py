"""Topics as the design wants them (§5): made where they are missing, mended where they can be, else named."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.admin import NO_OFFSET, KafkaAdmin
from rockseg_core.adapters.kafka.check import greet
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.refusals import told
from rockseg_core.adapters.kafka.topic_rules import Wanted, topic_rules
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.ports.feed import Topic

IN_ORDER: Final = (Topic.JOB_EVENTS, Topic.DEAD_LETTER, Topic.JOBS)
"""An event goes to the partition number of its request, so that partition must be there before the request is."""


_HAS_MEMBERS: Final = (CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError)

COORDINATOR_SECONDS: Final = 30.0
SETTLE_SECONDS: Final = 30.0
RETRY_SECONDS: Final = 0.1


class Outcome(StrEnum):
    FINE = "fine"
    DONE = "done"
    WOULD = "would"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(NamedTuple):
    outcome: Outcome
    sentence: str


async def ensure_topics(connection: KafkaConnection, wanted: Wanted, *, dry_run: bool) -> AsyncIterator[Finding]:
    """What was found and done, step by step; harmless when run again.

    Raises SettingsError where the brokers refuse the settings; LogUnavailableError where they are away, or do not allow
    it.
    """
    await greet(connection)
    try:
        async with KafkaAdmin(connection) as admin:
            async for finding in _Ensuring(connection, admin, wanted, dry_run=dry_run).run():
                yield finding
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(f"The brokers do not answer, or refuse: {told(error)}") from error


class _Ensuring:
    def __init__(self, connection: KafkaConnection, admin: KafkaAdmin, wanted: Wanted, *, dry_run: bool) -> None:
        self._topics = connection.topics
        self._group = connection.settings.group_id
        self._admin = admin
        self._wanted = wanted
        self._dry_run = dry_run

    async def run(self) -> AsyncIterator[Finding]:
        brokers = await self._admin.brokers()
        if problem := await self._offsets_kept_too_short(brokers):
            yield problem
            return
        there = await self._admin.replicas(self._topics.values())
        if len(brokers) < self._wanted.replicas and len(there) < len(self._topics):
            yield Finding(
                Outcome.PROBLEM, f"{self._wanted.replicas} replicas are wanted of {len(brokers)} brokers: too many"
            )
            return
        jobs_now = len(there.get(self._topics[Topic.JOBS], ()))
        for topic in IN_ORDER:
            name = self._topics[topic]
            least = max(self._wanted.partitions, jobs_now if topic is Topic.JOB_EVENTS else 0)
            if name in there:
                async for finding in self._mend(name, there[name], least):
                    yield finding
            else:
                yield await self._create(name, least)
        yield await self._beginnings(max(jobs_now, self._wanted.partitions))

    async def _offsets_kept_too_short(self, brokers: list[int]) -> Finding | None:
        for broker in brokers:
            kept = (await self._admin.broker_configs(broker)).get("offsets.retention.minutes")
            if kept is not None and int(kept) * 60 < self._wanted.lifetime_seconds:
                return Finding(
                    Outcome.PROBLEM,
                    f"broker {broker} has offsets.retention.minutes={kept}, less than a job's lifetime of"
                    f" {self._wanted.lifetime_seconds / 60:.0f} minutes: workers that are all away for so long would"
                    " forget what is done. Raise it on the brokers",
                )
        return None

    async def _create(self, name: str, partitions: int) -> Finding:
        configs = {config: rule.value for config, rule in topic_rules(self._wanted, self._wanted.replicas).items()}
        return await self._step(
            f"create {name} with {partitions} partitions of {self._wanted.replicas} replicas",
            lambda: self._admin.create(name, partitions, self._wanted.replicas, configs, dry_run=self._dry_run),
            lambda: self._has_partitions(name, partitions),
        )

    async def _mend(self, name: str, replicas: list[int], least: int) -> AsyncIterator[Finding]:
        sound = True
        rules = dict(topic_rules(self._wanted, min(replicas)))
        if min(replicas) < self._wanted.replicas:
            sound = False
            del rules["min.insync.replicas"]  # as many as there are would stop all at the first broker's end
            yield Finding(
                Outcome.PROBLEM,
                f"{name} has partitions of {min(replicas)} replicas, {self._wanted.replicas} are wanted:"
                " reassign them with kafka-reassign-partitions; until then its min.insync.replicas stays as it is",
            )
        configs = await self._admin.topic_configs(name)
        wrong = {
            config: rule.value for config, rule in rules.items() if not rule.holds(configs.get(config, rule.value))
        }
        if wrong:
            sound = False
            shown = ", ".join(f"{config}={value} (was {configs[config]})" for config, value in wrong.items())
            yield await self._step(
                f"set of {name} {shown}",
                lambda: self._admin.set_topic_configs(name, wrong, dry_run=self._dry_run),
                lambda: self._has_configs(name, wrong),
            )
        if len(replicas) < least:
            sound = False
            yield await self._step(
                f"grow {name} from {len(replicas)} to {least} partitions",
                lambda: self._admin.grow(name, least, dry_run=self._dry_run),
                lambda: self._has_partitions(name, least),
            )
        if sound:
            yield Finding(Outcome.FINE, f"{name} has {len(replicas)} partitions and is as it should be")

    async def _beginnings(self, partitions: int) -> Finding:
        """An offset where the group has none: without one there is no lag, and KEDA starts nobody."""
        name = self._topics[Topic.JOBS]
        doing = f"commit the beginning of {name} for group {self._group}"
        if self._dry_run and not await self._has_partitions(name, partitions):
            return Finding(Outcome.WOULD, doing)
        lacking = await self._without_offset([TopicPartition(name, number) for number in range(partitions)])
        if not lacking:
            return Finding(Outcome.FINE, f"group {self._group} has an offset in every partition of {name}")
        doing = f"{doing} in {len(lacking)} partitions"
        if self._dry_run:
            return Finding(Outcome.WOULD, doing)
        try:
            return await self._step(
                doing,
                lambda: self._admin.commit_beginnings(self._group, lacking),
                _at_once,
            )
        except _HAS_MEMBERS:
            return Finding(Outcome.NOTE, f"group {self._group} has members: they commit the offsets themselves")

    async def _without_offset(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """A group's coordinator that is loading, or not yet chosen, leaves partitions out or refuses: ask again."""
        async with asyncio.timeout(COORDINATOR_SECONDS):
            while True:
                try:
                    found = await self._admin.committed(self._group, partitions)
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    found = {}
                if found.keys() >= set(partitions):
                    return [at for at in partitions if found[at] == NO_OFFSET]
                await asyncio.sleep(RETRY_SECONDS)

    async def _has_partitions(self, name: str, count: int) -> bool:
        return len((await self._admin.replicas([name])).get(name, ())) >= count

    async def _has_configs(self, name: str, configs: Mapping[str, str]) -> bool:
        return configs.items() <= (await self._admin.topic_configs(name)).items()

    async def _step(
        self, doing: str, step: Callable[[], Awaitable[None]], shows: Callable[[], Awaitable[bool]]
    ) -> Finding:
        """The controller answers before the brokers know: wait until it shows, for what comes next relies on it.

        In a dry run the brokers are asked too, whether they would. Raises LogUnavailableError where they refuse.
        """
        try:
            await step()
        except KafkaError as error:
            if error.retriable or isinstance(error, _HAS_MEMBERS):
                raise
            raise LogUnavailableError(f"The brokers refuse to {doing}: {told(error)}") from error
        if self._dry_run:
            return Finding(Outcome.WOULD, doing)
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not await shows():  # noqa: ASYNC110 - Kafka tells of it in no other way
                    await asyncio.sleep(RETRY_SECONDS)
        except TimeoutError as error:
            raise LogUnavailableError(f"The brokers did {doing}, and do not show it yet: run it again") from error
        return Finding(Outcome.DONE, doing)


async def _at_once() -> bool:
    return True
