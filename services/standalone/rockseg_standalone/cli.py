"""The `rockseg` command. torch is imported inside `up` and `segment` only."""

import sys
from pathlib import Path

import rich_click as click

from rockseg_api.entrypoints.cli import keys
from rockseg_api.entrypoints.dead_letter import dead_letter
from rockseg_api.entrypoints.store import store
from rockseg_api.entrypoints.topics import topics
from rockseg_core.domain.errors import RocksegError
from rockseg_standalone.home import default_bundle, default_folder

click.rich_click.TEXT_MARKUP = "rich"
click.rich_click.SHOW_ARGUMENTS = True

EXIT_USAGE = 2

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

    [bold]rockseg up[/] serves it on this machine, [bold]rockseg segment[/] does photos without a server.
    """


@rockseg.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder for jobs, photos, results and keys. Default: rockseg in your data folder.",
)
@model_option
def up(host: str, port: int, data_dir: Path | None, model: str | None) -> None:
    """Serve photos on this machine: API, worker and model in one process, no broker, no Docker.

    The first run makes an API key and keeps it in the data folder. Stop with Ctrl-C: running jobs end first, waiting
    ones go on at the next start.
    """
    from rockseg_standalone.bootstrap import UpSettings, serve  # noqa: PLC0415  # loads the services only here

    sys.exit(serve(UpSettings(host, port, data_dir or default_folder(), model or str(default_bundle()))))


@rockseg.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the results. Default: here.",
)
@click.option(
    "--mask-weight", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Opacity of the colours."
)
@click.option("--core-width-px", type=click.FloatRange(1), help="Pixels across one core, if you know it.")
@model_option
def segment(
    photos: tuple[Path, ...], folder: Path, mask_weight: float, core_width_px: float | None, model: str | None
) -> None:
    """Segment photos without a server.

    Writes NAME-overlay.png, NAME-mask.png (pixel = class index), NAME-confidence.png and NAME-report.json for each.
    """
    from rockseg_standalone.segment import segment_photos  # noqa: PLC0415  # loads torch only here

    sys.exit(segment_photos(photos, folder, mask_weight, core_width_px, model or str(default_bundle())))


@rockseg.group()
def model() -> None:
    """Look at model bundles."""


@model.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def show(bundle: Path | None) -> None:
    """Check a bundle's files against its manifest and print what it can tell apart."""
    from rockseg_standalone.show_model import show_model  # noqa: PLC0415  # hashing and tables only here

    show_model(bundle or default_bundle())


rockseg.add_command(keys)
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
