"""Kafka's IncrementalAlterConfigs, KIP-339: aiokafka 0.14 has the older AlterConfigs alone, which resets to its default
every setting of a topic that the request does not name.
"""

from collections.abc import Mapping
from typing import Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

_INCREMENTAL_ALTER_CONFIGS: Final = 44
_TOPIC: Final = 2
_SET: Final = 0


class _Response_v0(Response):  # type: ignore[misc]  # noqa: N801 - named as aiokafka names them
    API_KEY = _INCREMENTAL_ALTER_CONFIGS
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "resources",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class _Request_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801 - named as aiokafka names them
    API_KEY = _INCREMENTAL_ALTER_CONFIGS
    API_VERSION = 0
    RESPONSE_TYPE = _Response_v0
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("configs", Array(("name", String("utf-8")), ("operation", Int8), ("value", String("utf-8")))),
            ),
        ),
        ("validate_only", Boolean),
    )


class SetTopicConfigs(Request[_Request_v0]):  # type: ignore[misc]  # aiokafka carries no types
    """Set these configs of a topic, and leave its others as they are; `validate_only` asks whether that may be."""

    API_KEY = _INCREMENTAL_ALTER_CONFIGS

    def __init__(self, topic: str, configs: Mapping[str, str], *, validate_only: bool) -> None:
        self._topic = topic
        self._configs = configs
        self._validate_only = validate_only

    def build(self, request_struct_class: type[_Request_v0]) -> Any:
        configs = [(name, _SET, value) for name, value in self._configs.items()]
        return request_struct_class([(_TOPIC, self._topic, configs)], self._validate_only)
