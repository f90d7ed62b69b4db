"""The first look at a photo, reduced: where there is rock, and how wide a core is."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.report import CoreGeometry
from rockseg_model.core_width import LEAST_ROCK, measure
from rockseg_model.mosaic import Band
from rockseg_model.posterior import posterior
from rockseg_model.tiling import Place

# A tile is skipped only where the first pass saw, in it and around it, no pixel with that much of a chance to be rock.
LEAST_ROCK_CHANCE: Final = 0.1
MARGIN_PX: Final = 32  # at the second pass's scale: a fifth of a core


class FirstPass:
    """Collects the bands of the reduced picture, of `size` (height, width)."""

    def __init__(self, size: tuple[int, int], along: int, temperature: float) -> None:
        self.background: NDArray[np.float32] = np.ones(size, np.float32)  # its probability
        self._rock = np.zeros(size, np.bool_)
        self._along, self._temperature = along, temperature
        self.sure = True  # of the width, once it was measured

    def take(self, band: Band) -> None:
        found = posterior(band.logits, self._temperature)
        part = np.s_[:, band.start : band.stop] if self._along else np.s_[band.start : band.stop]
        self.background[part] = found.probabilities[0]
        self._rock[part] = found.chosen != 0

    def core(self, photo: tuple[int, int], known_width_px: float | None) -> CoreGeometry:
        """In pixels of the photo (height, width); where nothing can be measured, its shorter side is the core."""
        reduction = max(self._rock.shape) / max(photo)
        found = measure(self._rock, known_width_px and known_width_px * reduction)
        self.sure = found is None or found.sure
        if found is None:
            guess = CoreGeometry(float(min(photo)), "y" if photo[0] >= photo[1] else "x", 1, "guess")
        else:
            guess = CoreGeometry(found.width_px / reduction, found.axis, found.count, "first_pass")
        if known_width_px is None:
            return guess
        return msgspec.structs.replace(guess, width_px=known_width_px, source="request")

    @property
    def measured(self) -> bool:
        """Whether it saw enough rock to be a judge of scale, and of where there is none."""
        return bool(self._rock.mean() >= LEAST_ROCK)

    def may_hold_rock(self, place: Place, size: tuple[int, int]) -> bool:
        """Whether the second pass, over the picture of `size`, should look at `place`."""
        rows, columns = self.background.shape[0] / size[0], self.background.shape[1] / size[1]
        top, left = int(max(0, place.top - MARGIN_PX) * rows), int(max(0, place.left - MARGIN_PX) * columns)
        bottom, right = int((place.bottom + MARGIN_PX) * rows) + 1, int((place.right + MARGIN_PX) * columns) + 1
        return bool((self.background[top:bottom, left:right] <= 1 - LEAST_ROCK_CHANCE).any())
