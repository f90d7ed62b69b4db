"""What a bundle says of itself. Read by the API too, which has no bundle and no torch."""

import msgspec

MANIFEST_SCHEMA = 1


class RockClass(msgspec.Struct, frozen=True):
    """One class; its index in the manifest's list is its value in a mask. Index 0 is the background."""

    name: str
    rgb: tuple[int, int, int]
    group: str
    code: str


class Normalisation(msgspec.Struct, frozen=True):
    """(pixel / 255 - mean) / std, per RGB channel."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class SelfTest(msgspec.Struct, frozen=True):
    """A uint8 tile of numpy noise (`default_rng(seed)`), and the shares of the classes that the network sees in it."""

    seed: int
    class_shares: tuple[float, ...]
    tolerance: float


class Calibration(msgspec.Struct, frozen=True):
    """How logits became probabilities that mean what they say, from what that was fitted, and how far off they are.

    `ece`: expected calibration error over pixels called rock (15 bins of equal mass), on other data than it was fitted
    on; None where nobody measured it.
    """

    method: str
    source: str
    ece: float | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`tile_shapes` are (height, width) in pixels; `core_width_px` is the scale at which the network looks.

    `threshold_sources` says of thresholds where they come from. Bundles of before have neither it nor `calibration`.
    """

    schema: int = MANIFEST_SCHEMA
    name: str
    version: str
    classes: tuple[RockClass, ...]
    core_width_px: int
    tile_shapes: tuple[tuple[int, int], ...]
    normalisation: Normalisation
    temperature: float
    thresholds: dict[str, float]
    self_test: SelfTest
    files: dict[str, str]
    calibration: Calibration | None = None
    threshold_sources: dict[str, str] = {}
