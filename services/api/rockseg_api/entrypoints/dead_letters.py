"""What `rockseg-api dead-letter` does and says."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import rich_click as click

from rockseg_api.settings import from_environment
from rockseg_api.usecases.retry import RetryJob
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.dead_letters import DeadLetter, dead_letters
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import UsageError
from rockseg_core.domain.keys import ObjectKeys

SHOWN_BYTES: Final = 4096


async def print_list(tenant: str | None) -> None:
    count = 0
    async for letter in dead_letters(_connection()):
        if tenant is None or (letter.request is not None and letter.request.tenant == tenant):
            count += 1
            click.echo("  ".join(_line(letter)))
    if not count:
        click.echo("There are no dead letters.", err=True)


async def print_one(name: str) -> None:
    letter = (await _found(_connection(), [name]))[0]
    click.echo(f"position  {letter.position}, given up {_time(letter.at)}")
    click.echo(f"stood at  {letter.origin or 'unknown'}")
    click.echo(f"attempt   {letter.attempt or 'unknown'}")
    click.echo(f"why       {letter.code or 'unknown'}: {letter.sentence}")
    if letter.request is None:
        click.echo(f"key       {letter.key!r}")
        click.echo(f"value     {None if letter.value is None else letter.value[:SHOWN_BYTES]!r}")
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(letter.request), indent=2).decode())


async def retry_all(names: Sequence[str]) -> None:
    settings = from_environment(os.environ)
    connection = _connection()
    log, store = KafkaLog(connection), S3Store(s3_settings(os.environ), WORKER_PROFILE)
    retry = RetryJob(
        store=store,
        log=log,
        clock=SystemClock(),
        keys=ObjectKeys(settings.object_prefix),
        lifetime_seconds=settings.lifetime_seconds,
    )
    try:
        letters = await _found(connection, names)
        for letter in letters:
            if letter.request is None:
                raise UsageError(f"{letter.position} is no request: there is nothing to run")
        log.open()
        for letter in letters:
            if letter.request is not None:
                job_id = await retry(letter.request, f"dead-letter/{letter.position}")
                click.echo(f"{letter.position}  {letter.request.job_id}  {job_id}")
    finally:
        await log.close()
        await store.close()


def _connection() -> KafkaConnection:
    return KafkaConnection(kafka_settings(os.environ))


async def _found(connection: KafkaConnection, names: Sequence[str]) -> list[DeadLetter]:
    """In the order of `names`; of several letters of one job the latest."""
    by_name: dict[str, DeadLetter] = {}
    async for letter in dead_letters(connection):
        by_name[letter.position] = letter
        if letter.request is not None:
            by_name[str(letter.request.job_id)] = letter
    for name in names:
        if name not in by_name:
            raise UsageError(f"there is no dead letter {name}: `dead-letter list` shows those that there are")
    return [by_name[name] for name in names]


def _line(letter: DeadLetter) -> tuple[str, ...]:
    job = ("no request", "") if letter.request is None else (str(letter.request.job_id), letter.request.tenant)
    return letter.position, _time(letter.at), *job, letter.code, letter.sentence


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
