"""From somebody's labelled photos to a bundle of their own: what `rockseg train` does."""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import nn

from rockseg_core.domain.errors import SettingsError
from rockseg_model.bundle import MANIFEST, Bundle, load_bundle
from rockseg_model.bundle_writer import write_bundle
from rockseg_model.manifest_rules import NAME
from rockseg_model.torch_network import choose_device
from rockseg_model.weights import network_of, unpack
from rockseg_training.album import balanced
from rockseg_training.batches import CROPS, RECIPE, Recipe, batches
from rockseg_training.datasets.photo import Dataset
from rockseg_training.device import settle
from rockseg_training.growth import grown
from rockseg_training.held_out import pieces_of, score
from rockseg_training.labels import space_of
from rockseg_training.site_card import SiteCard
from rockseg_training.site_data import SiteData, read_site
from rockseg_training.site_figures import calibrated, drawn_crops, judge, write_figures
from rockseg_training.synthetic.crop import CORE_WIDTH_PX
from rockseg_training.train import Length, Watcher, train
from rockseg_training.trainer import CHECKPOINT, Rates, Trainer

RATES: Final = Rates(encoder=1e-4, decoder=6e-4)  # it has learned before
# From the start the norms keep the statistics that the starting bundle has, of many drawn cores and photos: by those of
# a few crops, of which half are of one site, more of what it knew is forgotten.
NORMS_FROZEN_FROM: Final = 0


@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """What the person at the command asked for. `start` is a bundle's folder; `name` of the bundle to be written."""

    data: Path
    out: Path
    start: Path
    checkpoints: Path
    length: Length
    held_out: frozenset[str] = frozenset()
    photo_share: float = 0.5
    crops: int = CROPS
    seed: int = 1
    threads: int = 2
    device: str = "auto"
    version: str = "1"
    force: bool = False
    save_every_seconds: float = 30.0


def train_site(options: SiteOptions, watcher: Watcher, say: Callable[[str], None]) -> Bundle:
    """Train, or go on from the checkpoint of the same run; write bundle, card and figures.

    Raises DatasetError for the photos and their labels, SettingsError for options, folders and a checkpoint of another
    run, BundleError for the starting bundle.
    """
    _check_folders(options)
    device = choose_device(options.device)
    settle(options.threads, device)
    start = load_bundle(options.start)
    manifest = start.manifest
    if manifest.core_width_px != CORE_WIDTH_PX:
        raise SettingsError(
            f"{options.start} looks at cores {manifest.core_width_px} px wide; {CORE_WIDTH_PX} is taught."
        )
    base = space_of(manifest.classes)
    site = read_site(options.data, base, options.held_out, say)
    state = network_of(len(base.classes), unpack(start.weights)).state_dict()
    trainer = Trainer(
        grown(state, len(site.space.classes), options.seed),
        site.space,
        normalisation=manifest.normalisation,
        rates=RATES,
        device=device,
        seed=options.seed,
        run=_run(options, start, site),
        norms_frozen_from=NORMS_FROZEN_FROM,
    )
    if options.force:
        (options.checkpoints / CHECKPOINT).unlink(missing_ok=True)
    if trainer.resume(options.checkpoints):
        say(f"Going on from step {trainer.progress.step}.")
    pieces = pieces_of(site.held_out)

    def score_of(network: nn.Module) -> float:
        return score(network, pieces, site.space, manifest.normalisation)

    recipe = Recipe(
        options.seed,
        site.space,
        site.training,
        balanced(site.training, site.counts),
        options.photo_share,
        crops=options.crops,
    )
    drawn = batches(recipe, trainer.progress.step, max(1, (os.cpu_count() or 1) // 2))
    try:
        train(
            trainer,
            drawn,
            options.checkpoints,
            options.length,
            watcher,
            score=score_of if pieces else None,
            save_every_seconds=options.save_every_seconds,
        )
    finally:
        drawn.close()
    return _finish(options, trainer, start, site, say)


def _finish(
    options: SiteOptions, trainer: Trainer, start: Bundle, site: SiteData, say: Callable[[str], None]
) -> Bundle:
    manifest, space = start.manifest, site.space
    say("Measuring.")
    photos = site.held_out if site.held_out.entries else site.training
    first = network_of(len(manifest.classes), unpack(start.weights)).to(trainer.device)
    crops = drawn_crops(space)
    before = judge(first, photos, crops, manifest.normalisation)
    network = trainer.network
    network.load_state_dict(trainer.best)
    after = judge(network, photos, crops, manifest.normalisation)
    calibration = calibrated(network, pieces_of(site.held_out), crops, manifest.normalisation)
    name = bundle_name(options.out)
    card = SiteCard(
        name=name,
        version=options.version,
        start=f"{manifest.name} {manifest.version}",
        space=space,
        known=len(manifest.classes),
        shown={rock.name: site.shown(rock.name) for rock in space.classes[1:]},
        training_photos=len(site.training.entries),
        holes=site.training.holes,
        held_out_holes=site.held_out.holes,
        progress=trainer.progress,
        photo_share=options.photo_share,
        seed=options.seed,
        threads=torch.get_num_threads(),
        device=trainer.device.type,
        before=before,
        after=after,
        calibration=calibration,
    )
    write_figures(figures_folder(options.out), after, space, seen=not site.held_out.entries)
    return write_bundle(
        options.out,
        name=name,
        version=options.version,
        classes=space.classes,
        core_width_px=manifest.core_width_px,
        tile_shapes=manifest.tile_shapes,
        normalisation=manifest.normalisation,
        temperature=calibration.temperature,
        thresholds={**manifest.thresholds, "confident": calibration.confident},
        state_dict=network.state_dict(),
        card=card.write(),
    )


def bundle_name(out: Path) -> str:
    """The folder's name, as far as a manifest takes it."""
    name = re.sub(r"[^a-z0-9._-]+", "-", out.resolve().name.lower()).strip("._-")[:60]
    return name if NAME.fullmatch(name) and ".." not in name else "site"


def figures_folder(out: Path) -> Path:
    """Beside the bundle and not in it: the sheet shows photos, and a bundle travels."""
    return out.with_name(f"{out.name}-figures")


def checkpoints_folder(out: Path) -> Path:
    return out.with_name(f"{out.name}-checkpoints")


def _check_folders(options: SiteOptions) -> None:
    """Before hours are spent, that the end of them can be written, and destroys nothing."""
    out = options.out
    if out.exists() and not out.is_dir():
        raise SettingsError(f"{out} is a file; the bundle is to be a folder.")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MANIFEST).is_file():
            raise SettingsError(f"{out} holds other things than a bundle; name another folder.")
        if not options.force and not (options.checkpoints / CHECKPOINT).exists():
            raise SettingsError(f"{out} is there already; give --force to replace it.")
    try:
        for folder in (out.absolute().parent, options.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".rockseg-probe"
            probe.touch()
            probe.unlink()
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be written ({error.strerror}).") from error


def _run(options: SiteOptions, start: Bundle, site: SiteData) -> str:
    """A digest of all that makes the weights but the length: a checkpoint is gone on from by the same run alone."""
    what = {
        "recipe": RECIPE,
        "norms_frozen_from": NORMS_FROZEN_FROM,
        "start": start.ref.digest,
        "classes": site.space.names,
        "sets": dict(site.space.sets),
        "training": _digest(site.training, site),
        "held_out": _digest(site.held_out, site),
        "photo_share": options.photo_share,
        "crops": options.crops,
        "seed": options.seed,
    }
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()


def _digest(photos: Dataset, site: SiteData) -> list[tuple[str, str, list[int]]]:
    return [(entry.name, entry.hole, site.counts[entry.name].tolist()) for entry in photos.entries]
