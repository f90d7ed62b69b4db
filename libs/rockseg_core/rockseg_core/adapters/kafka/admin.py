from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAuthorizationFailedError, for_code
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import TopicPartition

from rockseg_core.adapters.kafka.alter_configs import SetTopicConfigs
from rockseg_core.adapters.kafka.closing import closed
from rockseg_core.adapters.kafka.connection import KafkaConnection

REQUEST_MS: Final = 15000
NO_OFFSET: Final = -1


class KafkaAdmin:
    """What `topics ensure` asks of the brokers and does there. Errors come out as KafkaError or OSError."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._client = AIOKafkaAdminClient(**connection.arguments(request_timeout_ms=REQUEST_MS))

    async def __aenter__(self) -> Self:
        try:
            await self._client.start()
        except BaseException:
            await closed(self._client.close())
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await closed(self._client.close())

    async def replicas(self, topics: Iterable[str]) -> dict[str, list[int]]:
        """Of each topic that exists, the number of replicas of each partition."""
        # Not with describe_topics: to name one that is not there would create it, where brokers create what is named.
        asked = MetadataRequest(list(topics), allow_auto_topic_creation=False)
        found = (await self._client._send_request(asked)).to_object()["topics"]  # noqa: SLF001 - it has no other way
        for topic in found:
            if topic["error_code"] == TopicAuthorizationFailedError.errno:
                raise TopicAuthorizationFailedError(topic["topic"])
        return {
            topic["topic"]: [len(part["replicas"]) for part in topic["partitions"]]
            for topic in found
            if topic["error_code"] == 0
        }

    async def brokers(self) -> list[int]:
        return [broker["node_id"] for broker in (await self._client.describe_cluster())["brokers"]]

    # With `dry_run` the brokers only say whether they would.

    async def create(
        self, topic: str, partitions: int, replicas: int, configs: Mapping[str, str], *, dry_run: bool
    ) -> None:
        answer = await self._client.create_topics(
            [NewTopic(topic, partitions, replicas, topic_configs=dict(configs))], validate_only=dry_run
        )
        for name, error_code, *message in answer.topic_errors:
            _check(error_code, name, message)

    async def grow(self, topic: str, partitions: int, *, dry_run: bool) -> None:
        await self._client.create_partitions({topic: NewPartitions(partitions)}, validate_only=dry_run)

    async def topic_configs(self, topic: str) -> dict[str, str]:
        return await self._configs(ConfigResource(ConfigResourceType.TOPIC, topic))

    async def broker_configs(self, broker: int) -> dict[str, str]:
        return await self._configs(ConfigResource(ConfigResourceType.BROKER, str(broker)))

    async def set_topic_configs(self, topic: str, configs: Mapping[str, str], *, dry_run: bool) -> None:
        request = SetTopicConfigs(topic, configs, validate_only=dry_run)
        answer = await self._client._send_to_controller(request)  # noqa: SLF001 - it has no other way
        for error_code, message, _kind, name in answer.resources:
            _check(error_code, name, [message])

    async def committed(self, group: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The group's offsets; NO_OFFSET for none. A partition missing from it is one that could not be asked for."""
        found = await self._client.list_consumer_group_offsets(group, partitions=list(partitions))
        return {at: offset.offset for at, offset in found.items()}

    async def commit_beginnings(self, group: str, partitions: Sequence[TopicPartition]) -> None:
        """The brokers take this from somebody who is no member of the group only while it has no members."""
        consumer = AIOKafkaConsumer(
            **self._connection.arguments(
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="none",
                request_timeout_ms=REQUEST_MS,
            )
        )
        try:
            await consumer.start()
            consumer.assign(list(partitions))
            beginnings = await consumer.beginning_offsets(list(partitions))
            await consumer.commit(beginnings)
        finally:
            await closed(consumer.stop())

    async def _configs(self, resource: ConfigResource) -> dict[str, str]:
        found: defaultdict[str, str] = defaultdict(str)
        for answer in await self._client.describe_configs([resource]):
            for error_code, message, _kind, name, entries in answer.resources:
                _check(error_code, name, [message])
                found |= {entry[0]: entry[1] or "" for entry in entries}
        return found


def _check(error_code: int, name: str, message: Sequence[Any]) -> None:
    if error_code:
        raise for_code(error_code)(f"{name}: {' '.join(str(part) for part in message if part)}")
