"""What was found in one photo (design §5, report schema 1)."""

from typing import Literal

import msgspec

from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Calibration

REPORT_SCHEMA = 1


class Alternative(msgspec.Struct, frozen=True):
    """Another class that pixels may be of (the background is one), with its mean calibrated probability over them."""

    name: str
    index: int
    probability: float


class ClassShare(msgspec.Struct, frozen=True):
    """A class with at least one pixel, background left out; `share_of_rock` of all pixels that are not background.

    `confidence` is the class's own mean calibrated probability over its pixels, `second` the likeliest other class,
    `group_confidence` the mean probability of any class of its `group`. None in reports of before, and `second` where
    no other class has half a thousandth.
    """

    name: str
    rgb: tuple[int, int, int]
    index: int
    pixels: int
    share_of_rock: float
    confidence: float | None = None
    second: Alternative | None = None
    group: str | None = None
    group_confidence: float | None = None


class CoreGeometry(msgspec.Struct, frozen=True):
    """The core's scale: `axis` is the direction of depth in the photo; `source` says where the width came from."""

    width_px: float
    axis: Literal["x", "y"]
    count: int
    source: Literal["request", "first_pass", "guess"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Classes in index order. `rock_fraction` of the photo, `confident_share` of the rock, `seconds` by stage.

    `warnings` are codes of `domain.warnings`. `calibration` is that of the model's probabilities; None where its
    bundle does not say.
    """

    schema: int = REPORT_SCHEMA
    width: int
    height: int
    classes: tuple[ClassShare, ...]
    rock_fraction: float
    core: CoreGeometry
    confident_share: float
    model: ModelRef
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    calibration: Calibration | None = None
