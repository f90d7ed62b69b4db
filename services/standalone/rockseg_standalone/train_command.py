"""`rockseg train` as a person types it. torch is imported when it runs, not for its help."""

import os
import sys
from pathlib import Path

import rich_click as click

from rockseg_standalone.terminal import EXIT_INTERRUPTED


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    "bundle",
    required=True,
    metavar="BUNDLE",
    type=click.Path(path_type=Path),
    help="Folder for the new model. It works with `rockseg up --model BUNDLE` and `rockseg segment --model BUNDLE`.",
)
@click.option(
    "--from",
    "start",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="BUNDLE",
    help="Model to start from. Default: the one that comes along.",
)
@click.option(
    "--held-out",
    multiple=True,
    metavar="HOLE",
    help="Hole to test on and not to learn from; may be given several times. Default: about a fifth of the photos.",
)
@click.option("--steps", type=click.IntRange(1, 10**6), help="Most steps to train. Default: 1200.")
@click.option(
    "--minutes",
    type=click.FloatRange(0.1, 10**5),
    help="Train so long, not so many steps. Then a faster machine gives other weights.",
)
@click.option(
    "--checkpoints", type=click.Path(path_type=Path), help="Folder to go on from. Default: BUNDLE-checkpoints."
)
@click.option("--force", is_flag=True, help="Begin anew: replace BUNDLE and its checkpoints.")
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu or cuda. auto takes a GPU if there is one."
)
@click.option("--threads", type=click.IntRange(1, 1024), help="Processor cores to use. Default: all.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help="Of all that is random.")
@click.option(
    "--photo-share",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0.05, 1.0),
    help="Share of what it sees that is cut from your photos; the rest are drawn cores, so that it forgets nothing.",
)
@click.option(
    "--batch",
    default=6,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Crops in each step. Fewer need less memory.",
)
@click.option(
    "--check-every",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10**5),
    help="Steps between two looks at the held-out photos.",
)
@click.option(
    "--patience",
    default=5,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Looks without progress after which it stops.",
)
@click.option("--version", "version", default="1", show_default=True, help="Version of the new model.")
@click.option("--save-every", default=30.0, hidden=True, help="Seconds between two checkpoints.")
def train(
    data: Path,
    bundle: Path,
    start: Path | None,
    held_out: tuple[str, ...],
    steps: int | None,
    minutes: float | None,
    checkpoints: Path | None,
    force: bool,
    device: str,
    threads: int | None,
    seed: int,
    photo_share: float,
    batch: int,
    check_every: int,
    patience: int,
    version: str,
    save_every: float,
) -> None:
    """Train a model of your own on labelled photos of your cores; some 25 photos are a good beginning.

    [bold]DATA[/] is a folder. Either DATA/photos/NAME.jpg, each with its mask DATA/masks/NAME.png, whose pixels are
    class numbers (a palette or grey PNG); or NAME.jpg with NAME.json, outlines drawn in labelme.

    DATA/classes.json says what the numbers mean, background first, and may list rocks that are new to the model:
    {"classes": ["background", "sandstone", "tuff"]}. Without it they are those of `rockseg model show`. In a mask, 255
    is unlabelled and 254 rock of unknown kind. "sets": {"sandy": ["sandstone", "siltstone"]} names rocks that you
    cannot tell apart; the first set is 240 in a mask, the next 241.

    A photo's name begins with its hole: BH07_123.5.jpg is of BH07. Or DATA/holes.csv lists them: photo,hole. Whole
    holes are held out to see how well it does on rock that it never saw, and to stop when it no longer gets better.

    If it is interrupted, in whatever way, the same command goes on from its last checkpoint. Beside BUNDLE it writes
    BUNDLE-figures: the confusion matrix and a sheet of the worst photos. The model card, BUNDLE/MODEL_CARD.md, has the
    figures.
    """
    if steps is not None and minutes is not None:
        raise click.UsageError("--steps and --minutes are two ways to say how long: give one.")
    from rockseg_standalone.home import default_bundle  # noqa: PLC0415 - so that --help is quick
    from rockseg_standalone.train import DEFAULT_STEPS, interrupted, train_photos  # noqa: PLC0415  # loads torch
    from rockseg_training.site import SiteOptions, checkpoints_folder  # noqa: PLC0415 - loads torch
    from rockseg_training.train import Length  # noqa: PLC0415 - loads torch

    chosen = DEFAULT_STEPS if steps is None and minutes is None else steps
    options = SiteOptions(
        data=data,
        out=bundle,
        start=start or default_bundle(),
        checkpoints=checkpoints or checkpoints_folder(bundle),
        length=Length(minutes or 0.0, chosen, check_every, patience),
        held_out=frozenset(held_out),
        photo_share=photo_share,
        crops=batch,
        seed=seed,
        threads=threads or os.cpu_count() or 1,
        device=device,
        version=version,
        force=force,
        save_every_seconds=save_every,
    )
    try:
        train_photos(options)
    except KeyboardInterrupt:
        interrupted(options)
        sys.exit(EXIT_INTERRUPTED)
