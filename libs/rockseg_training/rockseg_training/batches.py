"""Batches, drawn in the background while the network trains; a batch is fixed by the seed and its number."""

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_training.album import Album, Group
from rockseg_training.datasets.photo import Dataset, Entry, Photo
from rockseg_training.labels import LabelSpace, of_several_kinds, translation
from rockseg_training.photo_crop import Changes, crop_photo, crop_twins
from rockseg_training.reference import REFERENCE
from rockseg_training.repainted import Repainter
from rockseg_training.synthetic.box_layouts import read_channels
from rockseg_training.synthetic.crop import Drawn, draw_crop
from rockseg_training.synthetic.families.family import Which
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.scraps import Scrap, cut_scraps
from rockseg_training.synthetic.textures import read_textures

CROPS: Final = 6  # of 256×256: 0.4 megapixels a step
RECIPE: Final = 8  # one more whenever crops or losses change: checkpoints of another recipe are not gone on from
AHEAD: Final = 6  # batches a drawing process has in hand before they are asked for


@dataclass(frozen=True)
class Batch:
    """pixels (N, h, w, 3) uint8 RGB, labels (N, h, w) uint8; `twins`: numbers of the crops whose next shows the same
    place as `crop_twins` says.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    twins: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """What batches are made of; whatever of it changes, changes the weights. `dataset` is in `space`.

    Of crops, `photo_share` are cut from photos, the others drawn. Of those whose rock is one of several kinds,
    `kind_share` say of which; the others say rock. In `repaint_share` of those cut from photos drawn rocks take the
    place of the real, in `redress_share` the background is another. With `twins`, those whose rock is left as it is,
    and is one of several kinds, have a twin, which comes on top of the share. What is cut about a pixel of a label
    keeps its rock, but for things strewn about, and has no twin. What is drawn is of `families`, with `patches` and
    `layouts` if given. The background of the photos `scraps` lies about in what is drawn, and in the place of core
    where the background is another.
    """

    seed: int
    space: LabelSpace
    dataset: Dataset
    groups: Sequence[Group] = ()
    photo_share: float = 0.0
    kind_share: float = 1.0
    repaint_share: float = 0.0
    redress_share: float = 0.0
    twins: bool = False
    crops: int = CROPS
    families: Which = "all"
    patches: Path | None = None  # a folder of textures
    patches_left_out: frozenset[str] = frozenset()
    layouts: Path | None = None  # box-layouts.json
    scraps: tuple[Entry, ...] = ()  # with an outline of all their rock

    def shape(self, number: int) -> tuple[int, int, int]:
        """(crops, height, width) of a batch: nearly the same area each, in the shapes of tiles, cut shorter."""
        long = max(1, self.crops * 2 // 3)
        return ((self.crops, 256, 256), (long, 384, 256), (long, 256, 384))[number % 3]


class Drawer:
    """Makes the batches of a recipe."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._album = Album(recipe.dataset, recipe.groups)
        self._patches = read_textures(recipe.patches, without=recipe.patches_left_out) if recipe.patches else None
        self._channels = read_channels(recipe.layouts) if recipe.layouts else []
        self._drawn = translation(REFERENCE, recipe.space)  # drawn masks hold the reference's classes

    @cached_property
    def _scraps(self) -> list[Scrap]:
        """Cut when first asked for: an error of a process that has not begun yet is lost."""
        return [scrap for number, entry in enumerate(self._recipe.scraps) for scrap in _scraps_of(number, entry.read())]

    def draw(self, number: int) -> Batch:
        count, height, width = self._recipe.shape(number)
        crops: list[Drawn] = []
        twins = []
        while len(crops) < count:
            found = self._crops(number, len(crops), height, width, room=count - len(crops))
            twins += [len(crops)] if len(found) > 1 else []
            crops += found
        return Batch(np.stack([crop.pixels for crop in crops]), np.stack([crop.mask for crop in crops]), tuple(twins))

    def _crops(self, number: int, place: int, height: int, width: int, *, room: int) -> Sequence[Drawn]:
        """One crop, or twins where there is room for them."""
        recipe = self._recipe
        rng = np.random.default_rng((recipe.seed, number, place, 1))
        if self._album and rng.random() < recipe.photo_share:
            photo, around = self._album.pick(rng)
            # What is shown for the kind of its rock keeps it.
            repaint = self._repainter() if rng.random() < recipe.repaint_share and around is None else None
            redress = bool(rng.random() < recipe.redress_share)
            changes = Changes(repaint, redress, empty=around is None, scraps=self._scraps)
            told = rng.random() < recipe.kind_share
            cut: Sequence[Drawn]
            alone = room == 1 or repaint is not None or around is not None
            if recipe.twins and not alone and of_several_kinds(photo.labels).any():
                cut = crop_twins(rng, photo, height, width, changes=changes)
            else:
                cut = [crop_photo(rng, photo, height, width, around=around, changes=changes)]
            return cut if told else [Drawn(crop.pixels, recipe.space.kinds_hidden(crop.mask)) for crop in cut]
        crop = draw_crop(
            (recipe.seed, number, place),
            height,
            width,
            families=recipe.families,
            textures=self._patches,
            channels=self._channels,
            scraps=self._scraps,
        )
        return [Drawn(crop.pixels, self._drawn[crop.mask])]

    def _repainter(self) -> Repainter:
        return Repainter(Painter(self._recipe.families, self._patches or {}), self._drawn)


def _scraps_of(number: int, photo: Photo) -> list[Scrap]:
    return cut_scraps(np.random.default_rng(number), photo.pixels, photo.labels, photo.core_width_px)


_drawer: Drawer  # of a drawing process


def _begin(recipe: Recipe) -> None:
    global _drawer  # noqa: PLW0603 - a process pool's initialiser has no other place to leave what it made
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trains, which then ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(10)  # training's threads wait for each other: whoever takes a core from one of them stops them all
    cv2.setNumThreads(1)
    _drawer = Drawer(recipe)


def _end_with_parent() -> None:
    """A pool's process waits for ever on a parent that was killed: it holds both ends of the pipe itself."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw(number: int) -> Batch:
    return _drawer.draw(number)


def batches(recipe: Recipe, first: int, drawers: int = 1) -> Generator[Batch, None, None]:
    """Batches `first`, `first` + 1 … without end, drawn ahead by processes of their own; how many changes no batch."""
    with ProcessPoolExecutor(drawers, get_context("spawn"), _begin, (recipe,)) as pool:
        waiting: deque[Future[Batch]] = deque()
        number = first
        try:
            while True:
                while len(waiting) < AHEAD * drawers:
                    waiting.append(pool.submit(_draw, number))
                    number += 1
                yield waiting.popleft().result()
        finally:
            for batch in waiting:
                batch.cancel()
