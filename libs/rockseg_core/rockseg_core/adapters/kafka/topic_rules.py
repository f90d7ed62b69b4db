"""What a topic of ours must have set (design §5)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from rockseg_core.adapters.kafka.producer import BATCH_BYTES

SEGMENT_MS: Final = 3_600_000
"""Retention takes whole segments, and never the one being written: at most an hour late."""

LEAST_MESSAGE_BYTES: Final = BATCH_BYTES + 1024
"""Brokers measure whole batches, with their heads."""

MESSAGE_BYTES: Final = 1024 * 1024 + 12  # Kafka's own default


@dataclass(frozen=True)
class Wanted:
    partitions: int
    replicas: int
    min_insync_replicas: int
    lifetime_seconds: float

    @property
    def retention_ms(self) -> int:
        return math.ceil(2 * self.lifetime_seconds) * 1000


class Rule(NamedTuple):
    value: str
    holds: Callable[[str], bool]


def topic_rules(wanted: Wanted, replicas: int) -> Mapping[str, Rule]:
    """Of each config of a topic with so many replicas: what is set, and what is left alone because it serves too."""
    retention, least = wanted.retention_ms, wanted.min_insync_replicas
    return {
        "cleanup.policy": _exactly("delete"),
        "compression.type": _exactly("producer"),  # ours are not; another would have brokers pack each batch anew
        "max.message.bytes": Rule(str(MESSAGE_BYTES), lambda value: int(value) >= LEAST_MESSAGE_BYTES),
        "message.timestamp.type": _exactly("LogAppendTime"),
        "min.insync.replicas": Rule(str(least), lambda value: least <= int(value) <= replicas),
        "retention.bytes": _exactly("-1"),
        "retention.ms": Rule(str(retention), lambda value: int(value) == -1 or int(value) >= retention),
        "segment.ms": Rule(str(SEGMENT_MS), lambda value: int(value) <= SEGMENT_MS),
        "unclean.leader.election.enable": _exactly("false"),
    }


def _exactly(wanted: str) -> Rule:
    return Rule(wanted, lambda value: value == wanted)
