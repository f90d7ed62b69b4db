"""How well a network does: on drawn cores with exact masks, on real photos with rock and background known."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training.datasets.photo import Photo
from rockseg_training.device import as_input, autocast, device_of
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.labels import UNLABELLED, LabelSpace
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import CORE_WIDTH_PX, Drawn, draw_crop

Logits = NDArray[np.float32]


@dataclass
class Tally:
    """Counts of pixels: `confusion` (true, said) over pixels of known class, `rock` (true, said) over rock or not."""

    space: LabelSpace = REFERENCE
    confusion: NDArray[np.int64] = field(init=False)
    rock: NDArray[np.int64] = field(default_factory=lambda: np.zeros((2, 2), np.int64))
    possible: int = 0  # rock pixels called a class that they may be
    rocks: int = 0

    def __post_init__(self) -> None:
        self.confusion = np.zeros((len(self.space.classes),) * 2, np.int64)

    def add(self, said: NDArray[np.integer], labels: NDArray[np.uint8]) -> None:
        classes = len(self.space.classes)
        exact = labels < classes
        pairs = labels[exact].astype(np.int64) * classes + said[exact]
        self.confusion += np.bincount(pairs, minlength=self.confusion.size).reshape(self.confusion.shape)
        known = labels != UNLABELLED
        halves = (labels[known] > 0).astype(np.int64) * 2 + (said[known] > 0)
        self.rock += np.bincount(halves, minlength=4).reshape(2, 2)
        there = known & (labels > 0)
        self.possible += int(self.space.allowed()[labels[there], said[there]].sum())
        self.rocks += int(there.sum())

    def class_iou(self) -> NDArray[np.float64]:
        """(classes,): nan for a class neither there nor said."""
        return iou(self.confusion)

    def rock_iou(self) -> tuple[float, float]:
        """Of rock, and of background."""
        background, rock = iou(self.rock)
        return float(rock), float(background)

    def kind_share(self) -> float:
        """Of rock pixels, the share called a class that they may be."""
        return self.possible / max(1, self.rocks)


def iou(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Intersection over union of each class of a square confusion matrix."""
    hits = np.diag(confusion).astype(np.float64)
    union = confusion.sum(0) + confusion.sum(1) - np.diag(confusion)
    shares: NDArray[np.float64] = np.divide(hits, union, out=np.full(len(hits), np.nan), where=union > 0)
    return shares


def logits_of(network: nn.Module, pixels: NDArray[np.uint8], normalisation: Normalisation = NORMALISATION) -> Logits:
    """(h, w, 3) uint8 of any size → (classes, h, w); mirrored out to multiples of 32."""
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % 32), (0, -width % 32), (0, 0)), mode="reflect")
    device = device_of(network)
    network.eval()
    with torch.inference_mode(), autocast(device):
        tile = as_input(padded[None], normalisation, device)
        answer: Logits = network(tile)[0, :, :height, :width].float().cpu().numpy()
    return answer


def held_out_crops(count: int, first: int = 0) -> Iterator[Drawn]:
    """Drawn crops of seeds that training does not use."""
    for number in range(first, first + count):
        yield draw_crop((20_000_000, number), 512, 256)


def evaluate_drawn(network: nn.Module, crops: Iterable[Drawn]) -> Tally:
    tally = Tally()
    for crop in crops:
        tally.add(logits_of(network, crop.pixels).argmax(0), crop.mask)
    return tally


def evaluate_photos(network: nn.Module, photos: Iterable[Photo], space: LabelSpace = REFERENCE) -> dict[str, Tally]:
    """A tally a photo, by name. The scale comes from the mask: the first pass of a Segmenter is not judged here."""
    tallies = {}
    for photo in photos:
        tallies[photo.name] = Tally(space)
        tallies[photo.name].add(class_map(network, photo), photo.labels)
    return tallies


def class_map(network: nn.Module, photo: Photo, normalisation: Normalisation = NORMALISATION) -> NDArray[np.uint8]:
    """(h, w): the likeliest class of each pixel of the photo."""
    said = logits_of(network, at_scale(photo), normalisation).argmax(0).astype(np.uint8)
    size = photo.labels.shape[1], photo.labels.shape[0]
    return np.asarray(cv2.resize(said, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def at_scale(photo: Photo) -> NDArray[np.uint8]:
    """The photo with its cores CORE_WIDTH_PX wide, enlarged at most 1.5 times."""
    zoom = min(CORE_WIDTH_PX / photo.core_width_px, 1.5)
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    return cv2.resize(photo.pixels, None, fx=zoom, fy=zoom, interpolation=way).astype(np.uint8)
