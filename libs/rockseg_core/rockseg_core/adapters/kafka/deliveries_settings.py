from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from rockseg_core.adapters.kafka.settings import PREFIX
from rockseg_core.codec import settings as variables
from rockseg_core.domain.dispatch import MAX_WINDOW
from rockseg_core.domain.errors import SettingsError

DAY_SECONDS: Final = 86400  # Kafka's protocol has 32 bits for these times in milliseconds, 24 days


class GroupSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker behaves in its consumer group."""

    session_seconds: Annotated[
        float,
        Meta(gt=0, le=DAY_SECONDS, description="A worker that the brokers have not heard of for so long has vanished."),
    ] = 45.0
    heartbeat_seconds: Annotated[
        float, Meta(ge=0.1, description="How often a worker tells that it lives; it learns of a rebalance so late.")
    ] = 5.0
    revoke_seconds: Annotated[
        float,
        Meta(ge=0, description="How long a rebalance waits for running jobs; they go on, and keep their attempt."),
    ] = 10.0
    commit_seconds: Annotated[
        float, Meta(gt=0, description="How long a commit may take; also the last one before a rebalance or an exit.")
    ] = 5.0
    rebalance_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=DAY_SECONDS,
            description="How long a rebalance waits for a worker: more than the three before together.",
        ),
    ] = 30.0
    max_poll_interval_seconds: Annotated[
        float, Meta(ge=1, description="A worker that has asked for no record for so long leaves the group by itself.")
    ] = 300.0
    partition_window: Annotated[
        int, Meta(ge=1, le=MAX_WINDOW, description="Deliveries in flight at once of a partition.")
    ] = 8

    def __post_init__(self) -> None:
        """Raises SettingsError for times that would have the brokers give up a worker that does as it should."""
        needed = self.heartbeat_seconds + self.revoke_seconds + self.commit_seconds
        if self.rebalance_seconds <= needed:
            raise SettingsError(
                f"{PREFIX}REBALANCE_SECONDS must be more than {PREFIX}HEARTBEAT_SECONDS, {PREFIX}REVOKE_SECONDS and"
                f" {PREFIX}COMMIT_SECONDS together ({needed:g})"
            )
        if self.heartbeat_seconds * 2 > self.session_seconds:
            raise SettingsError(f"{PREFIX}HEARTBEAT_SECONDS must be at most half of {PREFIX}SESSION_SECONDS")


def group_settings(environ: Mapping[str, str]) -> GroupSettings:
    """Raises SettingsError that names the variable."""
    return variables.read_settings(GroupSettings, environ, PREFIX)


def group_settings_table() -> str:
    """All variables as a Markdown table, for the docs."""
    return variables.settings_table(GroupSettings, PREFIX)
