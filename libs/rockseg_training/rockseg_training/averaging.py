"""One network of several of one training: each learnt something that the others did not."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

# What real photos teach costs some of what drawn cores taught. On the way from one network to the other boxes never
# seen are outlined better than at its beginning, and drawn families never seen told better than at its end (Wortsman et
# al. 2022, "Robust fine-tuning of zero-shot models", doi 10.1109/CVPR52688.2022.00780).
SECOND_SHARE: Final = 0.8


def between(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float = SECOND_SHARE
) -> dict[str, Tensor]:
    """Weights and running statistics, `share` of them the second's; counts are the second's. Names are the same."""
    return {
        name: first[name].lerp(value, share) if value.dtype.is_floating_point else value
        for name, value in second.items()
    }


def digest(network: Mapping[str, Tensor]) -> str:
    """A few digits by which its weights are told from others."""
    found = hashlib.sha256()
    for name, value in sorted(network.items()):
        found.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:12]


def mean(networks: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Of weights and running statistics; counts are the first's. Names are the same.

    Of networks trained on from the same weights the mean does at least about as well as each, and better on pictures
    unlike those learnt from (Wortsman et al. 2022, "Model soups", arXiv:2203.05482).
    """
    return {
        name: torch.stack([network[name] for network in networks]).mean(0) if value.dtype.is_floating_point else value
        for name, value in networks[0].items()
    }
