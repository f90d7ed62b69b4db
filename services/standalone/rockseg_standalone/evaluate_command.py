"""`rockseg evaluate`, as a person types it."""

import sys
from pathlib import Path

import rich_click as click

from rockseg_standalone.terminal import EXIT_INTERRUPTED

MOST_BUNDLES = 2


@click.command(options_metavar="[OPTIONS]")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="BUNDLE [BUNDLE2] DATA",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for figures.json and the pictures.",
)
@click.option("--force", is_flag=True, help="Replace figures that are there already.")
@click.option(
    "--only",
    multiple=True,
    metavar="HOLE",
    help="Measure on this hole, or photo, alone; may be given several times. What colour alone can tell is then learnt "
    "from the others.",
)
@click.option(
    "--drawn",
    default=60,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Drawn cores to measure on too; 0 leaves them out.",
)
@click.option(
    "--changes/--no-changes",
    default=True,
    help="Also measure what stays of a mask when the photo is mirrored, lit, scaled or saved anew. Default: yes.",
)
@click.option("--baseline/--no-baseline", default=True, help="Also measure what colour alone can tell. Default: yes.")
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu or cuda. auto takes a GPU if there is one."
)
def evaluate(
    paths: tuple[Path, ...],
    folder: Path,
    force: bool,
    only: tuple[str, ...],
    drawn: int,
    changes: bool,
    baseline: bool,
    device: str,
) -> None:
    """Measure a model on labelled photos, or two models side by side.

    [bold]DATA[/] is a folder as for `rockseg train`: photos with masks, or with outlines drawn in labelme. Give photos
    of holes that the model did not learn from; its card names them, and `--only` picks them.

    Each photo is read as `rockseg segment` reads it, scale included. For each rock you get IoU (of all that is or was
    called it, the share that both is and was), precision (of what was called it, the share that is) and recall (of what
    is it, the share that was called it); how far off contacts are; and whether a confidence of 80 % is right in 80 of
    100 cases. Beside them stands what colour alone can tell: a model that does no better has learned colours.

    FOLDER gets figures.json, confusion matrices, curves, and a sheet of the photos on which the model does worst.
    """
    *bundles, data = paths
    if not 1 <= len(bundles) <= MOST_BUNDLES:
        raise click.UsageError("one or two bundles and then the folder of photos are wanted: BUNDLE [BUNDLE2] DATA.")
    from rockseg_standalone.evaluate import evaluate_photos  # noqa: PLC0415  # loads torch
    from rockseg_training.evaluation.evaluation import Scope  # noqa: PLC0415 - loads torch

    scope = Scope(drawn=drawn, changed=changes, baseline=baseline)
    try:
        evaluate_photos(bundles, data, folder, scope, frozenset(only), device=device, force=force)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
