"""One photo on its way through the network: a first pass for scale and place, then the pass that counts."""

from collections.abc import Sequence

from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.report import CoreGeometry
from rockseg_core.domain.segmentation import Segmentation
from rockseg_core.domain.warnings import (
    CORE_WIDTH_GUESSED,
    CORE_WIDTH_IMPLAUSIBLE,
    CORE_WIDTH_UNCERTAIN,
    LOW_CONFIDENCE,
    LOW_RESOLUTION,
    PHOTO_REDUCED,
    SEVERAL_CORES,
)
from rockseg_core.ports.segmenter import Plan, Tile
from rockseg_model.familiarity import Familiarity
from rockseg_model.first_pass import FirstPass
from rockseg_model.glimpse import Features, Glimpses
from rockseg_model.manifest_rules import CONFIDENT
from rockseg_model.scale import first_pass_size, is_plausible, known_core_width, resize, second_pass_scale
from rockseg_model.second_pass import SecondPass
from rockseg_model.tile_pass import TilePass
from rockseg_model.tiling import least_cover


class PhotoPlan(Plan):
    """Pixel work happens in `tiles` and `segmentation` alone; `add` keeps what it is given.

    The first pass runs even where the client said how wide a core is: it is one tile, and it is what tells which tiles
    hold rock, which way the core runs, and how many there are.
    """

    def __init__(
        self,
        photo: Pixels,
        options: JobOptions,
        manifest: Manifest,
        *,
        shifted: bool = False,
        familiarity: Familiarity | None = None,
        look: bool = False,
    ) -> None:
        """`look` asks for the encoder's view even where there is no `familiarity` to judge it by."""
        self._familiarity, self._look = familiarity, look or familiarity is not None
        self._glimpses: Glimpses | None = None
        self._photo, self._manifest, self._shifted = photo, manifest, shifted
        self._size = photo.shape[0], photo.shape[1]
        self._known = known_core_width(options)
        self._warnings: list[str] = []
        if self._known is not None and not is_plausible(self._known, self._size):
            self._known = None
            self._warnings.append(CORE_WIDTH_IMPLAUSIBLE)
        self._pass: TilePass | None = None
        self._first: FirstPass | None = None
        self._second: SecondPass | None = None
        self._core: CoreGeometry | None = None
        self._tiles_before = 0

    @override
    def tiles(self) -> Sequence[Tile]:
        if self._pass is None:
            self._pass = self._begin_first()
        tiles = self._pass.tiles()
        if not tiles and self._second is None:
            self._pass = self._begin_second()
            tiles = self._pass.tiles()
        return tiles

    @override
    def add(self, tiles: Sequence[Tile], logits: Sequence[Logits]) -> None:
        if self._pass is None:
            raise ValueError("no tile was asked for yet")
        for tile, of_tile in zip(tiles, logits, strict=True):
            self._pass.add(tile.index, of_tile)

    @property
    def core(self) -> CoreGeometry | None:
        """What the first pass found; None until it is over."""
        return self._core

    @property
    def features(self) -> Features | None:
        """The encoder's view of the photo, once the first pass is over and if it was asked for."""
        return self._glimpses.features if self._glimpses else None

    def segmentation(self) -> Segmentation:
        """Raises ValueError while logits are missing."""
        if self.tiles() or self._second is None or self._core is None:
            raise ValueError("logits of this photo are missing")
        return Segmentation(
            mask=self._second.mask,
            confidence=self._second.confidence,
            core=self._core,
            confident_share=self._second.confident_share,
            mean_posterior=self._second.posterior.rows,
            warnings=tuple(self._warnings + self._unsure(self._second.confident_share)),
        )

    def _unsure(self, confident_share: float) -> list[str]:
        return [LOW_CONFIDENCE] if confident_share < self._manifest.thresholds.get(LOW_CONFIDENCE, 0) else []

    def _unfamiliar(self) -> list[str]:
        if self._familiarity is None or self.features is None:
            return []
        return self._familiarity.warnings(self.features, self._manifest.thresholds)

    def _begin_first(self) -> TilePass:
        manifest = self._manifest
        size = first_pass_size(self._size, self._known, manifest.core_width_px, manifest.tile_shapes)
        along = _along(size)
        self._first = FirstPass(size, along, manifest.temperature)
        places = least_cover(size, manifest.tile_shapes)
        self._tiles_before = len(places)
        self._glimpses = Glimpses(size) if self._look else None
        return TilePass(
            resize(self._photo, size), places, len(manifest.classes), 0, self._first.take, glimpses=self._glimpses
        )

    def _begin_second(self) -> TilePass:
        manifest, first = self._manifest, self._first
        assert first is not None  # noqa: S101 - the first pass begins before it ends
        self._core = first.core(self._size, self._known)
        size, low_resolution, reduced = second_pass_scale(
            self._size, self._core.width_px, manifest.core_width_px, manifest.tile_shapes
        )
        self._warnings += self._unfamiliar()
        self._warnings += [CORE_WIDTH_GUESSED] if self._core.source == "guess" else []
        self._warnings += [] if first.sure else [CORE_WIDTH_UNCERTAIN]
        self._warnings += [LOW_RESOLUTION] if low_resolution else []
        self._warnings += [PHOTO_REDUCED] if reduced else []
        self._warnings += [SEVERAL_CORES] if self._core.count > 1 else []
        # With next to no rock in it, the first pass is no judge of where there is none.
        places = least_cover(
            size,
            manifest.tile_shapes,
            wanted=lambda place: not first.measured or first.may_hold_rock(place, size),
            shifted=self._shifted,
        )
        self._second = SecondPass(
            size,
            self._size,
            _along(size),
            first.background,
            classes=len(manifest.classes),
            temperature=manifest.temperature,
            confident=manifest.thresholds[CONFIDENT],
        )
        picture = resize(self._photo, size)
        self._photo = picture  # the whole photo is not needed any more
        return TilePass(picture, places, len(manifest.classes), self._tiles_before, self._second.take)


def _along(size: tuple[int, int]) -> int:
    """The longer side's axis, by which a mosaic closes its bands."""
    return 0 if size[0] >= size[1] else 1
