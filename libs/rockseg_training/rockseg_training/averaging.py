"""A network between two of one training: what the second learnt, with what the first still knew."""

from collections.abc import Mapping
from typing import Final

from torch import Tensor

# What real photos teach costs some of what drawn cores taught: after it, drawn families never seen and boxes unlike
# those learnt from are told worse than before. On the way from one network to the other both are told better than at
# either end (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", doi 10.1109/CVPR52688.2022.00780).
SECOND_SHARE: Final = 0.6


def between(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float = SECOND_SHARE
) -> dict[str, Tensor]:
    """Weights and running statistics, `share` of them the second's; counts are the second's. Names are the same."""
    return {
        name: first[name].lerp(value, share) if value.dtype.is_floating_point else value
        for name, value in second.items()
    }
