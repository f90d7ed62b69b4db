"""What the processor does for one photo, between store and device and between device and store."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from rockseg_core.codec.bundle import encode_report
from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.mask import encode_confidence, encode_mask
from rockseg_core.imaging.report import build_report
from rockseg_core.ports.segmenter import Plan, Segmenter, Tile
from rockseg_inference.objects import Results

Next: TypeAlias = Sequence[Tile] | Results
"""What a photo needs now: the device, for these tiles; or nothing more."""


class PhotoWork:
    """Each call is one visit to a thread: as much as can be done before the device is needed again, or all is done.

    `seconds` by stage grow with each call; they stand in the report, and in the metrics.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._plan: Plan | None = None
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def begin(self, body: bytes, options: JobOptions, max_pixels: int) -> Next:
        """Decode and plan. Raises PhotoRefusedError."""
        with self.stage("decode"):
            photo = decode_photo(body, max_pixels=max_pixels)
        with self.stage("plan"):
            self._plan = self._segmenter.plan(photo, options)
        del photo  # the plan knows what it still needs of it
        return self._next()

    def add(self, tiles: Sequence[Tile], logits: Sequence[Logits]) -> None:
        """Take what the device computed; more of the same round is to come."""
        with self.stage("stitch"):
            self._planned().add(tiles, logits)

    def end_round(self, tiles: Sequence[Tile], logits: Sequence[Logits]) -> Next:
        """Take the last that the device computed of a round, and go on."""
        self.add(tiles, logits)
        return self._next()

    def _next(self) -> Next:
        with self.stage("plan"):
            tiles = self._planned().tiles()
        return tiles or self._results()

    def _results(self) -> Results:
        with self.stage("stitch"):
            found = self._segmenter.stitch(self._planned())
        self._plan = None
        manifest = self._segmenter.manifest
        with self.stage("encode"):
            mask = encode_mask(found.mask, [rock.rgb for rock in manifest.classes])
            confidence = encode_confidence(found.confidence)
        seconds = {name: round(spent, 6) for name, spent in self.seconds.items()}
        report = build_report(found, manifest, self._segmenter.ref, seconds)
        return Results.of(mask, confidence, encode_report(report))

    def _planned(self) -> Plan:
        if self._plan is None:
            raise FatalError("a photo is read before it is worked on")
        return self._plan
