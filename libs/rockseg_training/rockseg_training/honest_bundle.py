"""`python -m rockseg_training.honest_bundle`: a bundle again, with what lets it say when it does not know."""

import argparse
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from rockseg_core.domain.errors import BundleError, SettingsError
from rockseg_core.domain.warnings import NOT_CORE, UNLIKE_TRAINING_DATA
from rockseg_model.bundle import Bundle, load_bundle
from rockseg_model.bundle_writer import write_bundle
from rockseg_model.familiarity import PREFIX
from rockseg_model.segmenter import TorchSegmenter
from rockseg_model.weights import network_of, unpack
from rockseg_training.calibration_fit import CalibrationFit, fit_calibration
from rockseg_training.core_pictures import DRAWN_SOURCE
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.photo import Dataset
from rockseg_training.datasets.shared import read_shared
from rockseg_training.folds import FOLDS
from rockseg_training.held_out import pieces_of
from rockseg_training.honesty import Alarms, Honesty, fit_honesty
from rockseg_training.labels import LabelSpace, space_of, translation
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import Drawn, draw_crop

SEED: Final = 50_000_000  # of crops that nothing else draws
HEADING: Final = "## When it says that it does not know"


@dataclass(frozen=True)
class Sizes:
    """How much is looked at; smaller ones are for trying out."""

    crops: int = 400
    not_core_each: int = 40
    drawn: int = 800
    parts: int = 24


@dataclass(frozen=True)
class Fitted:
    calibration: CalibrationFit
    honesty: Honesty


def make_honest(
    bundle: Bundle, out: Path, seen: Dataset | None, unseen: Dataset | None, sizes: Sizes | None = None
) -> Fitted:
    """Write `bundle` to `out` with temperature, statistics and thresholds fitted anew, and a section in its card.

    `seen` are photos of its training, `unseen` those held out of it. Raises BundleError, DatasetError.
    """
    sizes = sizes or Sizes()
    manifest, tensors = bundle.manifest, unpack(bundle.weights)
    space = unseen.space if unseen else space_of(manifest.classes)
    calibration = fit_calibration(
        network_of(len(manifest.classes), tensors),
        held_out_families(sizes.crops, space),
        pieces_of(unseen) if unseen else [],
        space,
        manifest.normalisation,
        drawn_are="drawn crops of families held out of training",
        real_are="pieces of real photos held out of training",
    )
    segmenter = TorchSegmenter.of(bundle, device="cpu")
    honesty = fit_honesty(
        segmenter, seen, unseen, _say, not_core_each=sizes.not_core_each, drawn=sizes.drawn, parts=sizes.parts
    )
    write_bundle(
        out,
        name=manifest.name,
        version=manifest.version,
        classes=manifest.classes,
        core_width_px=manifest.core_width_px,
        tile_shapes=manifest.tile_shapes,
        normalisation=manifest.normalisation,
        temperature=calibration.temperature,
        thresholds={**manifest.thresholds, **calibration.thresholds, **honesty.thresholds},
        state_dict={name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)},
        card=with_section(bundle.card, section(honesty)),
        calibration=calibration.calibration,
        threshold_sources={**calibration.sources, **honesty.threshold_sources},
        familiarity=honesty.familiarity,
    )
    return Fitted(calibration, honesty)


def held_out_families(count: int, space: LabelSpace) -> Iterator[Drawn]:
    """Drawn crops in the labels of `space`, one by one: 400 of them take 200 MB."""
    table = translation(REFERENCE, space)
    crops = (draw_crop((SEED, number), 512, 256, families="held_out") for number in range(count))
    return (Drawn(crop.pixels, table[crop.mask]) for crop in crops)


def section(honesty: Honesty) -> str:
    """Markdown, with the figures of the fit."""
    none, unlike = (honesty.threshold_sources[code] for code in (NOT_CORE, UNLIKE_TRAINING_DATA))
    real = any(source != DRAWN_SOURCE for half in honesty.halves for source in half.alarms.pictures)
    core = "real core that training did not see" if real else "drawn core, since training saw all real core"
    lines = [
        HEADING + "\n",
        _filled(f"`{NOT_CORE}`: {none}. The same fit on half of the kinds, judged on the other half and on {core}:"),
        "| kinds judged | AUROC | flagged | most false alarms of a source of core |",
        "|---|---|---|---|",
    ]
    for half in honesty.halves:
        worst = worst_source(half.alarms, half.alarms.not_core)
        lines.append(f"| {', '.join(sorted(half.kinds))} | {half.auroc:.3f} | {half.flagged:.1%} | {worst} |")
    lines += [
        "",
        _filled(
            f"`{UNLIKE_TRAINING_DATA}`: {unlike}. With the bundle's own thresholds, of pictures of core that nothing "
            "was fitted on are flagged:"
        ),
        f"| source | pictures | `{NOT_CORE}` | `{UNLIKE_TRAINING_DATA}` |",
        "|---|---|---|---|",
    ]
    alarms = honesty.alarms
    lines += [
        f"| {source} | {count} | {alarms.not_core[source]:.1%} | {alarms.unlike[source]:.1%} |"
        for source, count in alarms.pictures.items()
    ]
    return "\n".join(lines) + "\n"


def worst_source(alarms: Alarms, shares: dict[str, float]) -> str:
    real = {source: share for source, share in shares.items() if source != DRAWN_SOURCE} or shares
    source = max(real, key=lambda name: real[name])
    return f"{real[source]:.1%} of {alarms.pictures[source]} ({source})"


def _filled(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False) + "\n"


def with_section(card: str, text: str) -> str:
    """The card with the section in place of its former one, or before what not to use it for, or at its end."""
    without = re.sub(rf"^{re.escape(HEADING)}\n.*?(?=^## |\Z)", "", card, flags=re.MULTILINE | re.DOTALL)
    head, before, tail = without.partition("## What not to use it for")
    return f"{head.rstrip()}\n\n{text}\n{before}{tail}".rstrip() + "\n"


def main() -> int:
    """0, or 2 with a sentence for a bundle or photos that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m rockseg_training.honest_bundle", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, help="folder of real photos, laid out as datasets/shared.py says")
    parser.add_argument("--fold", choices=sorted(FOLDS), default="1", help="what training left out")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--out", type=Path, required=True, help="the new bundle's folder")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    try:
        every, fold = read_shared(options.data) if options.data else None, FOLDS[options.fold]
        fitted = make_honest(
            load_bundle(options.bundle),
            options.out,
            fold.training(every) if every else None,
            fold.left_out(every) if every else None,
        )
    except (BundleError, DatasetError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _say(section(fitted.honesty))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
