"""Kafka's Metadata request in its version 12: aiokafka 0.14 stops at 5, which does not tell one life of a topic from
the next. https://kafka.apache.org/protocol#The_Messages_Metadata, KIP-516.
"""

from io import BytesIO
from typing import Any, Final
from uuid import UUID

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataResponse_v5
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

_METADATA: Final = 3
_NO_ID: Final = UUID(int=0)
_Text: Final = CompactString("utf-8")
_Tags: Final = ("tags", TaggedFields)


class _Uuid(AbstractType):  # type: ignore[misc]  # aiokafka carries no types
    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


class _MetadataResponse_v12(Response):  # type: ignore[misc]  # noqa: N801 - named as aiokafka names them
    API_KEY = _METADATA
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(("node_id", Int32), ("host", _Text), ("port", Int32), ("rack", _Text), _Tags)),
        ("cluster_id", _Text),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("topic", _Text),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        _Tags,
                    ),
                ),
                ("authorized_operations", Int32),
                _Tags,
            ),
        ),
        _Tags,
    )


class _MetadataRequest_v12(RequestStruct):  # type: ignore[misc]  # noqa: N801 - named as aiokafka names them
    FLEXIBLE_VERSION = True
    API_KEY = _METADATA
    API_VERSION = 12
    RESPONSE_TYPE = _MetadataResponse_v12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", _Text), _Tags)),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        _Tags,
    )


class MetadataWithIds(Request[_MetadataRequest_v12]):  # type: ignore[misc]  # aiokafka carries no types
    """Of some topics, none of which it creates. Needs brokers of Kafka 3.1 or later, else NotImplementedError."""

    API_KEY = _METADATA

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest_v12]) -> _MetadataRequest_v12:
        return request_struct_class([(_NO_ID, topic, {}) for topic in self._topics], False, False, {})


def topic_ids(answer: Any) -> dict[str, str]:
    """The id of each topic that is there."""
    return {name: topic_id.hex for error, name, topic_id, *_ in answer.topics if error == 0}


def leader_epochs(answer: Any) -> dict[tuple[str, int], int]:
    """By topic id and partition; a topic that is made anew begins anew. -1 where the broker does not know (KIP-320)."""
    return {
        (topic_id.hex, part): epoch
        for error, _name, topic_id, _internal, parts, *_ in answer.topics
        if error == 0
        for _error, part, _leader, epoch, *_ in parts
        if epoch >= 0
    }


def partition_counts(answer: Any) -> dict[str, int]:
    """By topic id: how many partitions each topic has, which are never fewer later on."""
    return {topic_id.hex: len(parts) for error, _name, topic_id, _internal, parts, *_ in answer.topics if error == 0}


def as_aiokafka_knows_it(answer: Any) -> Any:
    """The same answer in the version that aiokafka's cluster takes."""
    brokers = [broker[:4] for broker in answer.brokers]
    topics = [
        (
            error,
            name,
            internal,
            [
                (part_error, part, leader, replicas, isr, offline)
                for part_error, part, leader, _epoch, replicas, isr, offline, _tags in parts
            ],
        )
        for error, name, _id, internal, parts, *_ in answer.topics
    ]
    return MetadataResponse_v5(answer.throttle_time_ms, brokers, answer.cluster_id, answer.controller_id, topics)
