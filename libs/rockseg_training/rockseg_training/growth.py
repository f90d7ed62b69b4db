"""A network that tells more classes apart than the one it grows from."""

from typing import Final

import torch
from torch import Tensor, nn

from rockseg_model.network import KIND_HEADS, KIND_STRIDES, build_network

HEAD: Final = "segmentation_head.0"  # smp's last convolution: a row of its kernel and its bias for each class
HEADS: Final = (HEAD, *(f"{KIND_HEADS}.{stride}" for stride in KIND_STRIDES))
SPREAD: Final = 0.1  # of the rows' own: new rows are to differ from each other


def grown(state: dict[str, Tensor], classes: int, seed: int) -> nn.Module:
    """A network for `classes`, of the state dict of one for as many or fewer; old classes keep their rows, bit by bit.

    A new class begins as the mean of all rocks: seen as rock, and seldom the likeliest.
    """
    old = state[f"{HEAD}.weight"].shape[0]
    if classes < old:
        raise ValueError(f"{classes} classes are fewer than the {old} to grow from")
    stream = torch.Generator().manual_seed(seed)
    rows = {}
    for name in (f"{head}.{part}" for head in HEADS for part in ("weight", "bias")):
        rocks = state[name][1:]
        mean = rocks.mean(0, keepdim=True).expand(classes - old, *rocks.shape[1:])
        noise = torch.randn(mean.shape, generator=stream) * rocks.std() * SPREAD if len(rocks) > 1 else 0.0
        rows[name] = torch.cat([state[name], mean + noise])
    network = build_network(classes)
    network.load_state_dict({**state, **rows})
    return network.train().requires_grad_(True)
