"""Photo, mask and report, as the store has them, to an overlay; a call takes a thread for a while."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from rockseg_api.errors import ResultMissingError
from rockseg_core.domain.errors import FatalError, PhotoRefusedError
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.report import Report
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.mask import decode_mask
from rockseg_core.imaging.overlay import LegendEntry, render_overlay

T = TypeVar("T")

_log = structlog.get_logger()


def draw_overlay(job: JobRecord, photo: bytes, mask: bytes, report: Report, weight: float, *, legend: bool) -> bytes:
    """The PNG; raises ResultMissingError where photo or mask are no longer what was stored."""
    classes = [
        LegendEntry(index=found.index, name=found.name, rgb=found.rgb)
        for found in sorted(report.classes, key=lambda found: found.index)
    ]
    pixels = _whole(job.photo_key, lambda: decode_photo(photo, max_pixels=report.width * report.height))
    indices = _whole(job.mask_key, lambda: decode_mask(mask))
    if pixels.shape[:2] != indices.shape:
        raise _spoiled(job.photo_key)
    return render_overlay(pixels, indices, classes, weight, legend=legend)


def _whole(key: str | None, decode: Callable[[], T]) -> T:
    try:
        return decode()
    except (PhotoRefusedError, FatalError) as error:  # a worker could read the one, and wrote the other
        raise _spoiled(key) from error


def _spoiled(key: str | None) -> ResultMissingError:
    _log.error("stored_object_spoiled", key=key)
    return ResultMissingError()
