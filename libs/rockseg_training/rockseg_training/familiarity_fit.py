"""From the encoder's view of pictures with and without core to the statistics that a bundle judges photos by."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from rockseg_model.familiarity import Familiarity

Views = NDArray[np.float32]
"""(n, K): what the encoder saw of n pictures."""

# Of the squared weights. Of 0.001, 0.01, 0.03 and 0.1 the largest alarms least on cores of photos never seen (4 % of
# the worst source against 16 %), and tells kinds that it was not fitted on as well as the others.
DECAY: Final = 0.1
SHRINKAGE: Final = 0.2  # of the correlations, towards none: there are fewer pictures than pairs of features
LEAST_DEVIATION: Final = 0.01  # of the features' median one: what never varied must not weigh without bound
REAL_ALARMS: Final = 0.02  # of pictures of real core that nothing was fitted on, the share above a threshold


def fit_familiarity(core: Views, not_core: Views) -> Familiarity:
    """A logistic head, both sides weighing alike however many they are, and the centre and spread of `core`."""
    weights, bias = fit_head(core, not_core)
    centre, whitening = fit_spread(core)
    return Familiarity(*(np.asarray(part, np.float32) for part in (weights, [bias], centre, whitening)))


def fit_head(core: Views, not_core: Views) -> tuple[NDArray[np.float64], float]:
    """Weights (K,) and bias of the least mean log-loss plus DECAY / 2 times the squared weights of scaled features."""
    every = np.vstack((core, not_core)).astype(np.float64)
    mean, deviation = every.mean(axis=0), _deviation(every)
    scaled = torch.from_numpy((every - mean) / deviation)
    shows_none = torch.cat((torch.zeros(len(core)), torch.ones(len(not_core)))).double()
    share = torch.where(shows_none > 0, 0.5 / len(not_core), 0.5 / len(core))
    unknown = torch.zeros(every.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([unknown], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        scores = scaled @ unknown[1:] + unknown[0]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(scores, shows_none, reduction="none")
        total: torch.Tensor = (share * losses).sum() + DECAY / 2 * (unknown[1:] ** 2).sum()
        total.backward()  # type: ignore[no-untyped-call] # torch's
        return total

    search.step(loss)  # type: ignore[no-untyped-call] # likewise
    found = unknown.detach().numpy()
    weights = found[1:] / deviation
    return weights, float(found[0] - weights @ mean)


def fit_spread(core: Views) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre (K,) and whitening (K, K) of pictures of core, their correlations shrunk."""
    every = core.astype(np.float64)
    centre, deviation = every.mean(axis=0), _deviation(every)
    scaled = (every - centre) / deviation
    correlation = (1 - SHRINKAGE) * (scaled.T @ scaled) / len(scaled) + SHRINKAGE * np.eye(len(centre))
    return centre, np.linalg.inv(np.linalg.cholesky(correlation)) / deviation


def threshold(scores: NDArray[np.float64], real: NDArray[np.bool_], alarms: float) -> float:
    """Above which no more than `alarms` of these pictures of core are, nor REAL_ALARMS of the real ones among them."""
    parts = [(scores, alarms), (scores[real], REAL_ALARMS)] if real.any() else [(scores, alarms)]
    return max(float(np.quantile(part, 1 - share)) for part, share in parts)


def auroc(core: NDArray[np.float64], not_core: NDArray[np.float64]) -> float:
    """How often a picture of no core has the higher score, of all pairs; half where they are equal."""
    ordered = np.sort(core)
    below = (np.searchsorted(ordered, not_core, "left") + np.searchsorted(ordered, not_core, "right")) / 2
    return float(below.mean() / len(core))


def _deviation(every: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = every.std(axis=0)
    least = max(1e-12, LEAST_DEVIATION * float(np.median(spread)))
    floored: NDArray[np.float64] = np.maximum(spread, least)
    return floored
