"""How like a drill core, and how like what was learned, a photo is: statistics of the encoder's view of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.domain.errors import BundleError
from rockseg_core.domain.warnings import NOT_CORE, UNLIKE_TRAINING_DATA
from rockseg_model.glimpse import Features

PREFIX: Final = "familiarity."  # of the tensors in a bundle that are no part of its network

Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Familiarity:
    """A logistic head fitted with pictures of no core, and the spread of pictures of core (Lee et al. 2018).

    For K features: `weights` (K,) and `bias` (1,), `centre` (K,), `whitening` (K, K), which turns a difference from the
    centre into one of variance 1. All float32.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    centre: NDArray[np.float32]
    whitening: NDArray[np.float32]

    @classmethod
    def of(cls, arrays: Arrays, features: int) -> "Familiarity | None":
        """Those among a bundle's tensors, None where there are none. Raises BundleError for parts, or another size."""
        found = {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
        if not found:
            return None
        wanted = {
            "weights": (features,),
            "bias": (1,),
            "centre": (features,),
            "whitening": (features, features),
        }
        if {name: array.shape for name, array in found.items()} != wanted:
            raise BundleError("the bundle's statistics of what it has seen are not of this version's network")
        return cls(**found)

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """By name, as a bundle has them."""
        parts = {"weights": self.weights, "bias": self.bias, "centre": self.centre, "whitening": self.whitening}
        return {PREFIX + name: array for name, array in parts.items()}

    def not_core(self, features: Features) -> float:
        """0 to 1: how likely the picture shows no drill core, were there as many of these as of the others."""
        score = float(self.weights @ features + self.bias[0])
        return float(1 / (1 + np.exp(-np.clip(score, -50, 50))))

    def distance(self, features: Features) -> float:
        """From the pictures of core that the model knows; 1 is the root mean square over them (Mahalanobis, / √K)."""
        return float(np.sqrt(np.mean((self.whitening @ (features - self.centre)) ** 2)))

    def warnings(self, features: Features, thresholds: Mapping[str, float]) -> list[str]:
        """What is above its threshold; a threshold that the manifest lacks warns of nothing."""
        if self.not_core(features) > thresholds.get(NOT_CORE, np.inf):
            return [NOT_CORE]
        if self.distance(features) > thresholds.get(UNLIKE_TRAINING_DATA, np.inf):
            return [UNLIKE_TRAINING_DATA]
        return []
