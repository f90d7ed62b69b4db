import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import rich_click as click

from rockseg_api.entrypoints.brokers import EXIT_PROBLEM, brokers_needed
from rockseg_api.settings import from_environment

if TYPE_CHECKING:
    from rockseg_core.adapters.kafka.ensure import Finding


@click.group()
def topics() -> None:
    """The topics of jobs, on the brokers of ROCKSEG_KAFKA_BROKERS."""


@topics.command()
@click.option(
    "--partitions",
    type=click.IntRange(1, 10_000),
    default=16,
    show_default=True,
    help="At least so many of each topic: twice the most workers that will ever run.",
)
@click.option("--replicas", type=click.IntRange(1, 32), default=3, show_default=True, help="Copies of each partition.")
@click.option(
    "--min-insync-replicas",
    type=click.IntRange(1, 32),
    default=None,
    help="How many of them must have a record before it counts. Default: one less than the replicas.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@brokers_needed
def ensure(partitions: int, replicas: int, min_insync_replicas: int | None, dry_run: bool) -> None:
    """Make the topics, or check those that are there and mend what can be mended. Harmless when run again.

    Retention follows ROCKSEG_LIFETIME_SECONDS. Partitions are only ever added. Exit code 1: something is left to do.
    """
    least = max(1, replicas - 1) if min_insync_replicas is None else min_insync_replicas
    if least > replicas:
        raise click.BadParameter("more than --replicas", param_hint="--min-insync-replicas")
    # aiokafka is loaded only here: these commands are part of `rockseg` too, which mostly needs no broker.
    from rockseg_core.adapters.kafka.connection import KafkaConnection  # noqa: PLC0415  # see above
    from rockseg_core.adapters.kafka.ensure import ensure_topics  # noqa: PLC0415  # see above
    from rockseg_core.adapters.kafka.settings import kafka_settings  # noqa: PLC0415  # see above
    from rockseg_core.adapters.kafka.topic_rules import Wanted  # noqa: PLC0415  # see above

    lifetime_seconds = from_environment(os.environ).lifetime_seconds
    connection = KafkaConnection(kafka_settings(os.environ))
    wanted = Wanted(partitions, replicas, least, lifetime_seconds)
    if not asyncio.run(_ensure(ensure_topics(connection, wanted, dry_run=dry_run))):
        sys.exit(EXIT_PROBLEM)


async def _ensure(findings: "AsyncIterator[Finding]") -> bool:
    """Whether all is well."""
    well = True
    async for finding in findings:
        click.echo(f"{finding.outcome:>7}  {finding.sentence}")
        well = well and finding.outcome != "problem"
    return well
