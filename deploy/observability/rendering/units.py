"""Numbers as Grafana writes them, for the units that the dashboards use."""

import math
from collections.abc import Callable
from typing import Final

# Pillow's own font has no µ.
_SECONDS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "us"))
_THOUSANDS: Final = ((1e9, "B"), (1e6, "M"), (1e3, "K"))
_BYTES: Final = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))


def told(value: float, unit: str, decimals: int | None = None) -> str:
    """Such as `1.5 min`; `decimals` are of shares alone. Raises KeyError for a unit that no panel has had yet."""
    if math.isnan(value):
        return "–"
    if unit == "percentunit":
        return f"{_plain(100 * value) if decimals is None else format(100 * value, f'.{decimals}f')}%"
    if unit.startswith("suffix:"):
        return _short(value) + unit.removeprefix("suffix:")
    return _UNITS[unit](value)


def _plain(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _scaled(value: float, scales: tuple[tuple[float, str], ...], least: str) -> str:
    for size, name in scales:
        if abs(value) >= size:
            return f"{_plain(value / size)} {name}"
    return f"{_plain(value)}{least}"


def _seconds(value: float) -> str:
    return "0 s" if value == 0 else _scaled(value, _SECONDS, " s")


def _short(value: float) -> str:
    return _scaled(value, _THOUSANDS, "")


_UNITS: Final[dict[str, Callable[[float], str]]] = {
    "none": _plain,
    "short": _short,
    "s": _seconds,
    "bytes": lambda value: _scaled(value, _BYTES, " B"),
    "Bps": lambda value: _scaled(value, ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")), " B/s"),
    "reqps": lambda value: f"{_short(value)} req/s",
}
