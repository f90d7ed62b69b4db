"""What a geologist should know before trusting a mask: stable codes, and a sentence for each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CORE_WIDTH_GUESSED: Final = "core_width_guessed"
CORE_WIDTH_IMPLAUSIBLE: Final = "core_width_implausible"
CORE_WIDTH_UNCERTAIN: Final = "core_width_uncertain"
LOW_CONFIDENCE: Final = "low_confidence"
LOW_RESOLUTION: Final = "low_resolution"
NOT_CORE: Final = "not_core"
PHOTO_REDUCED: Final = "photo_reduced"
SEVERAL_CORES: Final = "several_cores"
UNLIKE_TRAINING_DATA: Final = "unlike_training_data"

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        CORE_WIDTH_GUESSED: "No core could be measured, so its width was guessed; give core_width_px if you know it.",
        CORE_WIDTH_IMPLAUSIBLE: "The width given for a core is more than the photo's longer side, so it was not used.",
        CORE_WIDTH_UNCERTAIN: (
            "Width and number of the cores are uncertain: they touch, or are broken along; give core_width_px if you "
            "know it."
        ),
        LOW_CONFIDENCE: "The model is sure of little of the rock; see `second` and `group_confidence` of each class.",
        LOW_RESOLUTION: "A core is so few pixels wide that the photo was enlarged; a closer one would show more.",
        NOT_CORE: "The photo seems to show no drill core at all; what was found in it means nothing then.",
        PHOTO_REDUCED: (
            "The photo has so many pixels at this width of a core that it was looked at smaller than the model wants; "
            "send it in parts to see more."
        ),
        SEVERAL_CORES: "Several cores lie side by side; shares are those of all of them together.",
        UNLIKE_TRAINING_DATA: "The photo is unlike all that the model learned from: expect mistakes, sure ones too.",
    }
)


def sentence_of(code: str) -> str:
    """A worker newer than the reader may send a code that is not known here: then the code itself."""
    return SENTENCES.get(code, code)
