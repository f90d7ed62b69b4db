import asyncio

import rich_click as click

from rockseg_api.entrypoints.brokers import brokers_needed

# aiokafka and minio are loaded by a command only: these are part of `rockseg` too, which mostly needs neither.


@click.group("dead-letter")
def dead_letter() -> None:
    """What the workers gave up: requests that crashed them three times, and records that are none."""


@dead_letter.command("list")
@click.option("--tenant", default=None, help="Those of this tenant alone.")
@brokers_needed
def list_(tenant: str | None) -> None:
    """One line a letter: its position, when it was given up, its job and tenant, and why."""
    from rockseg_api.entrypoints.dead_letters import print_list  # noqa: PLC0415  # see above

    asyncio.run(print_list(tenant))


@dead_letter.command()
@click.argument("letter")
@brokers_needed
def show(letter: str) -> None:
    """All that is known of a letter. LETTER is its position, such as 3/17, or its job's id."""
    from rockseg_api.entrypoints.dead_letters import print_one  # noqa: PLC0415  # see above

    asyncio.run(print_one(letter))


@dead_letter.command()
@click.argument("letters", nargs=-1, required=True, metavar="LETTER…")
@brokers_needed
def retry(letters: tuple[str, ...]) -> None:
    """Run letters once more, each as a new job of its tenant; print position, old job, new job and its status.

    A letter that is retried again gives the same new job as before, and starts nothing. The photo must still be there:
    see ROCKSEG_LIFETIME_SECONDS. It is copied, so that the variables of the store, ROCKSEG_S3_…, ROCKSEG_OBJECT_PREFIX
    and ROCKSEG_LIFETIME_SECONDS must be as the service has them. The log since the letter is read into a file in the
    temporary folder, TMPDIR: 1.1 KB for each job.
    """
    from rockseg_api.entrypoints.dead_letters import retry_all  # noqa: PLC0415  # see above

    asyncio.run(retry_all(letters))
