"""Within which bounds a client may set the options of a job: one check for the API and for the command."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from rockseg_core.domain.errors import UsageError
from rockseg_core.domain.job import JobOptions


class Bounds(NamedTuple):
    """Both ends belong to it."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """NaN lies within no bounds."""
        return self.low <= value <= self.high


class OptionInvalidError(UsageError):
    """An option is out of range; `field` is its name."""

    code = "option_invalid"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


BOUNDS: Final[Mapping[str, Bounds]] = MappingProxyType(
    {
        "mask_weight": Bounds(0, 1),
        "core_width_px": Bounds(8, 100_000),  # below 8 px a core has no texture; no photo is wider than 100 000
        "px_per_mm": Bounds(0.01, 10_000),
        "core_mm": Bounds(5, 1_000),  # drill cores are 18 to 200 mm wide
    }
)


def check_options(options: JobOptions) -> None:
    """Raises OptionInvalidError for a value out of bounds, for half of a scale, and for a scale that makes no core."""
    for name, bounds in BOUNDS.items():
        value: float | None = getattr(options, name)
        if value is not None and not bounds.holds(value):
            raise OptionInvalidError(name, f"`{name}` is a number from {bounds.low:g} to {bounds.high:g}.")
    if (options.px_per_mm is None) != (options.core_mm is None):
        missing = "px_per_mm" if options.px_per_mm is None else "core_mm"
        raise OptionInvalidError(missing, "`px_per_mm` and `core_mm` go together: give both or neither.")
    width, bounds = options.known_core_width_px, BOUNDS["core_width_px"]
    if width is not None and not bounds.holds(width):
        raise OptionInvalidError(
            "px_per_mm",
            f"`px_per_mm` times `core_mm` is {width:g} pixels across a core; it must be {bounds.low:g} to "
            f"{bounds.high:g}.",
        )
