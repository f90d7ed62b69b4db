"""What colour alone can tell: boosted trees on mean and deviation of colour in a window one core wide.

A network that does no better has learned colours. Needs scikit-learn (the extra `baseline`).
"""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.arrays import Pixels
from rockseg_training.labels import Labels

WIDTH_PX: Final = 20.0  # of a core, when features are taken: a window's mean needs no more
PIXELS_A_PHOTO: Final = 300  # of each class, to fit on
ROUNDS: Final = 100  # scikit-learn's own default


def is_installed() -> bool:
    return find_spec("sklearn") is not None


class ColourBaseline:
    """Fit on what `add` was given; then a class for each pixel of a photo."""

    def __init__(self, classes: int, seed: int = 0) -> None:
        self._classes, self._rng = classes, np.random.default_rng(seed)
        self._features: list[NDArray[np.float32]] = []
        self._truth: list[NDArray[np.uint8]] = []
        self._trees: Any = None  # scikit-learn has no types

    def add(self, pixels: Pixels, labels: Labels, core_width_px: float) -> None:
        """Pixels of known class to learn from, as many of each class as there are, at most PIXELS_A_PHOTO."""
        features = colour_features(pixels, core_width_px)
        small = cv2.resize(labels, features.shape[1::-1], interpolation=cv2.INTER_NEAREST).ravel().astype(np.uint8)
        for index in np.unique(small[small < self._classes]):
            chosen = self._rng.permutation(np.flatnonzero(small == index))[:PIXELS_A_PHOTO]
            self._features.append(features.reshape(-1, features.shape[2])[chosen])
            self._truth.append(small[chosen])

    def copy(self) -> "ColourBaseline":
        """One that has been given the same, and can be given more."""
        other = ColourBaseline(self._classes)
        other._features, other._truth = [*self._features], [*self._truth]
        return other

    def fit(self) -> None:
        """Raises ValueError with fewer than two classes to learn."""
        from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415 - an extra, and slow to load

        truth = np.concatenate(self._truth) if self._truth else np.zeros(0)
        if len(np.unique(truth)) < 2:
            raise ValueError("the colour baseline has fewer than two classes to learn")
        trees = HistGradientBoostingClassifier(max_iter=ROUNDS, random_state=0)
        self._trees = trees.fit(np.concatenate(self._features), truth)

    def predict(self, pixels: Pixels, core_width_px: float) -> NDArray[np.uint8]:
        """(h, w) class indices."""
        features = colour_features(pixels, core_width_px)
        said = np.asarray(self._trees.predict(features.reshape(-1, features.shape[2])), np.uint8)
        said = said.reshape(features.shape[:2])
        return np.asarray(cv2.resize(said, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def colour_features(pixels: Pixels, core_width_px: float) -> NDArray[np.float32]:
    """(h, w, 6) of a photo reduced so that its cores are WIDTH_PX wide: mean and deviation of R, G, B in a window."""
    zoom = min(1.0, WIDTH_PX / core_width_px)
    side = max(3, round(core_width_px * zoom))
    # Deviation is that of the photo's own pixels: squares are averaged, not the square of averages.
    full = pixels.astype(np.float32)
    mean, square = (cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) for part in (full, full**2))
    mean, square = (cv2.blur(part, (side, side)) for part in (mean, square))
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return np.concatenate([mean, spread], axis=2).astype(np.float32)


def given(classes: int, photos: Iterable[tuple[Pixels, Labels, float]]) -> ColourBaseline:
    """Not fitted yet."""
    baseline = ColourBaseline(classes)
    for pixels, labels, core_width_px in photos:
        baseline.add(pixels, labels, core_width_px)
    return baseline


def fitted(classes: int, photos: Iterable[tuple[Pixels, Labels, float]]) -> ColourBaseline:
    """Raises ValueError as `fit` does."""
    baseline = given(classes, photos)
    baseline.fit()
    return baseline
