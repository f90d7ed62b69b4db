from dataclasses import dataclass

from rockseg_core.domain.arrays import Confidence, Mask
from rockseg_core.domain.report import CoreGeometry


@dataclass(frozen=True)
class Segmentation:
    """The result for one photo."""

    mask: Mask
    confidence: Confidence
    core: CoreGeometry
    confident_share: float
    warnings: tuple[str, ...]
