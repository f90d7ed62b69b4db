from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Confidence, Mask
from rockseg_core.domain.report import CoreGeometry


@dataclass(frozen=True)
class Segmentation:
    """The result for one photo.

    `mean_posterior` is (C, C) float64: row i the calibrated probabilities of all classes, averaged over the pixels
    called i at the network's scale; zeros where there are none. None where a Segmenter does not tell.
    """

    mask: Mask
    confidence: Confidence
    core: CoreGeometry
    confident_share: float
    warnings: tuple[str, ...]
    mean_posterior: NDArray[np.float64] | None = None
