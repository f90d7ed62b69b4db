"""The `rockseg` command. torch is imported inside `up`, `segment`, `train` and `evaluate` only."""

import os
import sys
from pathlib import Path

import rich_click as click

from rockseg_api.entrypoints.dead_letter import dead_letter
from rockseg_api.entrypoints.store import store
from rockseg_api.entrypoints.topics import topics
from rockseg_core.domain.errors import RocksegError
from rockseg_core.domain.job import JobOptions
from rockseg_standalone.evaluate_command import evaluate
from rockseg_standalone.home import Home, default_bundle, default_folder
from rockseg_standalone.terminal import EXIT_INTERRUPTED, plain
from rockseg_standalone.train_command import train

click.rich_click.TEXT_MARKUP = "rich"
click.rich_click.SHOW_ARGUMENTS = True

EXIT_USAGE = 2

data_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder for jobs, photos, results and keys. Default: rockseg in your data folder.",
)
model_option = click.option(
    "--model",
    envvar="ROCKSEG_MODEL",
    default=None,
    metavar="BUNDLE",
    help="Folder of the model bundle. Default: the one that comes along.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rockseg", prog_name="rockseg")
def rockseg() -> None:
    """Rock types from drill-core photos: a class for every pixel.

    [bold]rockseg up[/] serves it on this machine, [bold]rockseg segment[/] does photos without a server,
    [bold]rockseg train[/] makes a model of your own rocks, [bold]rockseg evaluate[/] measures one.
    """


@rockseg.command()
@click.option("--host", envvar="ROCKSEG_HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    envvar="ROCKSEG_PORT",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes any free port.",
)
@data_option
@model_option
def up(host: str, port: int, data_dir: Path | None, model: str | None) -> None:
    """Serve photos on this machine: API, worker and model in one process, no broker, no Docker.

    The first run makes an API key and keeps it in the data folder. Stop with Ctrl-C: running jobs end first, waiting
    ones go on at the next start.
    """
    plain().print("Starting; the model takes some seconds to load.")
    try:
        from rockseg_standalone.bootstrap import UpSettings, serve  # noqa: PLC0415  # loads the services only here
        from rockseg_standalone.variables import warn_of_unknown  # noqa: PLC0415 - imports the services' settings

        warn_of_unknown(os.environ)
        code = serve(UpSettings(host, port, data_dir or default_folder(), model or str(default_bundle())))
    except KeyboardInterrupt:  # before the signal had its handler: nothing runs yet
        code = 0
    sys.exit(code)


@rockseg.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder for the results. Default: here.",
)
@click.option("--force", is_flag=True, help="Replace results that are there already.")
@click.option("--mask-weight", type=float, default=0.5, show_default=True, help="Opacity of the colours, 0 to 1.")
@click.option("--core-width-px", type=float, help="Pixels across one core, if you know it: 8 to 100000.")
@model_option
def segment(
    photos: tuple[Path, ...],
    folder: Path,
    force: bool,
    mask_weight: float,
    core_width_px: float | None,
    model: str | None,
) -> None:
    """Segment photos without a server.

    Writes NAME-overlay.png, NAME-mask.png (pixel = class index), NAME-confidence.png and NAME-report.json for each. A
    file that is there already is replaced only with --force, a photo never.
    """
    options = JobOptions(mask_weight=round(mask_weight, 3), core_width_px=core_width_px)
    try:
        from rockseg_standalone.segment import segment_photos  # noqa: PLC0415  # loads the imaging only here

        code = segment_photos(photos, folder, options, model or str(default_bundle()), force=force)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    sys.exit(code)


@rockseg.group()
def model() -> None:
    """Look at model bundles."""


@model.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def show(bundle: Path | None) -> None:
    """Check a bundle's files against its manifest and print what it can tell apart."""
    from rockseg_standalone.show_model import show_model  # noqa: PLC0415  # hashing and tables only here

    show_model(bundle or default_bundle())


@rockseg.group()
def keys() -> None:
    """API keys of `rockseg up`."""


@keys.command()
@click.option("--tenant", required=True, help="Who owns the jobs sent with this key: a-z, 0-9 and -, at most 63.")
@data_option
def create(tenant: str, data_dir: Path | None) -> None:
    """Make a key and let it in: it is printed once, and its hash is added to the data folder's key file.

    A `rockseg up` that runs on that folder takes it within a second.
    """
    home = Home(data_dir or default_folder())
    key = home.add_key(tenant)
    click.echo("The key, for the header `api-key`. It is shown this once:", err=True)
    click.echo(key)
    click.echo(f"{home.keys_file} has its hash now.", err=True)


rockseg.add_command(train)
rockseg.add_command(evaluate)
rockseg.add_command(topics)
rockseg.add_command(dead_letter)
rockseg.add_command(store)


def main() -> None:
    """Entry point: an error of ours is one sentence and exit code 2."""
    try:
        rockseg(prog_name="rockseg")
    except RocksegError as error:
        click.echo(f"rockseg: {error.sentence}", err=True)
        sys.exit(EXIT_USAGE)
