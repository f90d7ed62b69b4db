"""What was found, counted from the mask."""

from collections.abc import Mapping
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Mask
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.report import Alternative, ClassShare, Report
from rockseg_core.domain.segmentation import Segmentation

# cv2 counts in float32, which is exact up to 2^24.
MOST_PIXELS_AT_ONCE: Final = 1 << 24
DECIMALS: Final = 4
LEAST_SECOND: Final = 0.0005


def build_report(segmentation: Segmentation, manifest: Manifest, ref: ModelRef, seconds: Mapping[str, float]) -> Report:
    """`seconds` by stage as the caller timed them. Raises ValueError for a class index that the manifest has not."""
    mask = segmentation.mask
    counts = count_pixels(mask)
    if counts[len(manifest.classes) :].any():
        raise ValueError("the mask holds a class that the manifest has not")
    rock = int(counts[1:].sum())
    return Report(
        width=mask.shape[1],
        height=mask.shape[0],
        classes=tuple(
            _share(index, int(counts[index]), rock, segmentation.mean_posterior, manifest)
            for index in range(1, len(manifest.classes))
            if counts[index]
        ),
        rock_fraction=rock / mask.size,
        core=segmentation.core,
        confident_share=segmentation.confident_share,
        model=ref,
        seconds=dict(seconds),
        warnings=segmentation.warnings,
        calibration=manifest.calibration,
    )


def _share(
    index: int, pixels: int, rock: int, mean_posterior: NDArray[np.float64] | None, manifest: Manifest
) -> ClassShare:
    found = manifest.classes[index]
    plain = ClassShare(found.name, found.rgb, index, pixels, pixels / rock, group=found.group)
    if mean_posterior is None or not mean_posterior[index].any():
        return plain
    row = mean_posterior[index]
    others = np.where(np.arange(len(row)) == index, -1, row)
    second = int(others.argmax())
    likely = float(others[second])
    return msgspec.structs.replace(
        plain,
        confidence=round(float(row[index]), DECIMALS),
        second=Alternative(manifest.classes[second].name, second, round(likely, DECIMALS))
        if likely >= LEAST_SECOND
        else None,
        group_confidence=round(
            sum(float(row[other]) for other, rock in enumerate(manifest.classes) if rock.group == found.group), DECIMALS
        ),
    )


def count_pixels(mask: Mask) -> NDArray[np.int64]:
    """(256,) int64: how many pixels have each index. cv2's histogram takes a sixth of the time of `np.bincount`."""
    flat = mask.ravel()
    counts = np.zeros(256, np.int64)
    for first in range(0, flat.size, MOST_PIXELS_AT_ONCE):
        part = flat[None, first : first + MOST_PIXELS_AT_ONCE]
        counts += cv2.calcHist([part], [0], None, [256], [0, 256]).ravel().astype(np.int64)
    return counts
