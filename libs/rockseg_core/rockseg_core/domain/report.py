"""What was found in one photo (design §5, report schema 1)."""

from typing import Literal

import msgspec

from rockseg_core.domain.job import ModelRef

REPORT_SCHEMA = 1


class ClassShare(msgspec.Struct, frozen=True):
    """A class with at least one pixel, background left out; `share_of_rock` of all pixels that are not background."""

    name: str
    rgb: tuple[int, int, int]
    index: int
    pixels: int
    share_of_rock: float


class CoreGeometry(msgspec.Struct, frozen=True):
    """The core's scale: `axis` is the direction of depth in the photo; `source` says where the width came from."""

    width_px: float
    axis: Literal["x", "y"]
    count: int
    source: Literal["request", "first_pass", "guess"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Classes in index order. `rock_fraction` of the photo, `confident_share` of the rock, `seconds` by stage.

    `warnings` are codes of `domain.warnings`.
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
