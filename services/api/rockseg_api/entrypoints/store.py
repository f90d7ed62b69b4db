"""`rockseg-api store`: what the bucket must have besides objects."""

import rich_click as click


@click.group()
def store() -> None:
    """The bucket in the object store."""


@store.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def ensure(dry_run: bool) -> None:
    """Give the bucket the one lifecycle rule that it needs; rules of others stay as they are.

    It takes what a job has left behind a day after its lifetime, should the service itself not have done so. Settings
    are the service's own variables, ROCKSEG_S3_… with ROCKSEG_OBJECT_PREFIX and ROCKSEG_LIFETIME_SECONDS. Another run
    changes nothing.
    """
    from rockseg_api.entrypoints.expiry_rule import ensure_expiry_rule  # noqa: PLC0415  # minio takes 0.1 s to import

    ensure_expiry_rule(dry_run=dry_run)
