"""What a geologist should know before trusting a mask: stable codes, and a sentence for each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CORE_WIDTH_GUESSED: Final = "core_width_guessed"
LOW_RESOLUTION: Final = "low_resolution"
SEVERAL_CORES: Final = "several_cores"

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        CORE_WIDTH_GUESSED: "No core could be measured, so its width was guessed; give core_width_px if you know it.",
        LOW_RESOLUTION: "A core is so few pixels wide that the photo was enlarged; a closer one would show more.",
        SEVERAL_CORES: "Several cores lie side by side; shares are those of all of them together.",
    }
)


def sentence_of(code: str) -> str:
    """A worker newer than the reader may send a code that is not known here: then the code itself."""
    return SENTENCES.get(code, code)
