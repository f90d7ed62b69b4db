"""What `rockseg-api dead-letter` does and says."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from rockseg_api.settings import from_environment
from rockseg_api.usecases.retry import RetryJob, retried_id
from rockseg_api.view.job_view import JobView
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.dead_letters import DeadLetter, dead_letters
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import LogUnavailableError, UsageError
from rockseg_core.domain.job import TENANT_PATTERN, JobStatus
from rockseg_core.domain.keys import ObjectKeys

SHOWN_BYTES: Final = 4096
STILL_SECONDS: Final = 40.0  # a look at where to begin may take 30


async def print_list(tenant: str | None) -> None:
    if tenant is not None and not re.fullmatch(TENANT_PATTERN, tenant):
        raise UsageError("--tenant: a tenant's name has 1 to 63 of the characters a-z, 0-9 and -")
    lines = [
        (letter.at, letter.partition, letter.offset, "  ".join(_line(letter)))
        async for letter in dead_letters(_connection())
        if tenant is None or (letter.request is not None and letter.request.tenant == tenant)
    ]
    for *_, line in sorted(lines):
        click.echo(_visible(line))
    if not lines:
        click.echo("There are no dead letters.", err=True)


async def print_one(name: str) -> None:
    letter = (await _found(_connection(), [name]))[0]
    click.echo(f"position  {letter.position}, given up {_time(letter.at)}")
    click.echo(_visible(f"stood at  {letter.origin or 'unknown'}"))
    click.echo(_visible(f"attempt   {letter.attempt or 'unknown'}"))
    click.echo(_visible(f"why       {letter.code or 'unknown'}: {letter.sentence}"))
    if letter.request is None:
        click.echo(f"key       {letter.key!r}")
        click.echo(f"value     {None if letter.value is None else letter.value[:SHOWN_BYTES]!r}")
        if letter.whole_bytes:
            click.echo(_visible(f"cut from  {letter.whole_bytes} bytes; the whole stands at the place above"))
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(letter.request), indent=2).decode())


async def retry_all(names: Sequence[str]) -> None:
    settings = from_environment(os.environ)
    connection = _connection()
    log, store = KafkaLog(connection), S3Store(s3_settings(os.environ), WORKER_PROFILE)
    feed, clock = KafkaFeed(connection), SystemClock()
    view: JobView | None = None
    folder = tempfile.mkdtemp(prefix="rockseg-retry-")
    try:
        await store.check(settings.object_prefix)
        letters = await _found(connection, names)
        given_up = {letter.position: (letter.at, letter.request) for letter in letters if letter.request is not None}
        for letter in letters:
            if letter.position not in given_up:
                raise UsageError(f"{letter.position} is no request: there is nothing to run")
        # In a file: it holds every job since then, 1 KB each.
        view = JobView(Path(folder) / "view.sqlite3", feed, clock, clock.now() - min(at for at, _ in given_up.values()))
        await _follow(view)
        retry = RetryJob(
            store=store,
            log=log,
            view=view,
            clock=clock,
            keys=ObjectKeys(settings.object_prefix),
            lifetime_seconds=settings.lifetime_seconds,
        )
        log.open()
        for position, (_, request) in given_up.items():
            occasion = f"dead-letter/{position}"
            before = await retry(request, occasion)
            status = JobStatus.QUEUED if before is None else before.status
            click.echo(f"{position}  {request.job_id}  {retried_id(request, occasion)}  {status.value}")
    finally:
        if view is not None:
            await view.stop()
        shutil.rmtree(folder, ignore_errors=True)
        await asyncio.gather(log.close(), feed.close(), store.close())


async def _follow(view: JobView) -> None:
    """Until it knows of every retry there was. Raises LogUnavailableError when it stands still."""
    await view.start()
    reading = asyncio.create_task(view.caught_up())
    try:
        applied = -1
        while not reading.done():
            if applied == view.applied_records:
                raise LogUnavailableError("the log does not answer")
            applied = view.applied_records
            await asyncio.wait({reading}, timeout=STILL_SECONDS)
    finally:
        reading.cancel()


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
        if name.lower() not in by_name:
            raise UsageError(f"there is no dead letter {name}: `dead-letter list` shows those that there are")
    return [by_name[name.lower()] for name in names]


def _line(letter: DeadLetter) -> tuple[str, ...]:
    job = ("no request", "") if letter.request is None else (str(letter.request.job_id), letter.request.tenant)
    return letter.position, _time(letter.at), *job, letter.code, letter.sentence


def _visible(text: str) -> str:
    """Whoever may write to the topic may not steer the terminal of whoever reads it."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
