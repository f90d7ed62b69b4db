import os
import sys

import rich_click as click

from rockseg_api.entrypoints.dead_letter import dead_letter
from rockseg_api.entrypoints.store import store
from rockseg_api.entrypoints.topics import topics
from rockseg_api.keys import create_key
from rockseg_core.domain.errors import RocksegError, SettingsError

EXIT_USAGE = 2


@click.group()
@click.version_option(package_name="rockseg-api", prog_name="rockseg-api")
def main() -> None:
    """The HTTP service of rockseg: takes photos of drill cores, answers with jobs."""


@main.command()
def serve() -> None:
    """Serve the HTTP interface on Kafka and S3; settings are environment variables, listed in the README."""
    from rockseg_api import process  # noqa: PLC0415  # the other commands need none of it
    from rockseg_core.adapters.stderr_log import say_last  # noqa: PLC0415  # as above

    try:
        sys.exit(process.serve(os.environ))
    except RocksegError as error:
        say_last("rockseg-api", error.sentence)
        sys.exit(EXIT_USAGE)


@main.group()
def keys() -> None:
    """API keys."""


@keys.command()
@click.option("--tenant", required=True, help="Who owns the jobs sent with this key: a-z, 0-9 and -, at most 63.")
def create(tenant: str) -> None:
    """Make a key. It is printed once, and with it the line to add to the file that ROCKSEG_KEYS_FILE names."""
    try:
        key, line = create_key(tenant)
    except SettingsError as error:
        raise click.ClickException(error.sentence) from None
    click.echo("The key, for the header `api-key`. It is shown this once:", err=True)
    click.echo(key)
    click.echo("The line to add to the file that ROCKSEG_KEYS_FILE names:", err=True)
    click.echo(line)


main.add_command(dead_letter)
main.add_command(store)
main.add_command(topics)


if __name__ == "__main__":
    main()
