"""Tensors to safetensors and back into a network."""

from collections.abc import Mapping
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from rockseg_core.domain.errors import BundleError
from rockseg_model.familiarity import PREFIX, Familiarity
from rockseg_model.glimpse import STRIDES
from rockseg_model.network import KIND_HEADS, build_network, channels_at

# Training's counter in each batch norm; of no use to inference, and the only integers in a state dict.
COUNTER: Final = "num_batches_tracked"
FLOATS: Final = frozenset({torch.float16, torch.bfloat16, torch.float32})


def pack(state_dict: Mapping[str, Tensor], dtype: torch.dtype) -> bytes:
    """Kernels as `dtype`; vectors (biases, batch norms) and statistics of what the network has seen stay float32.

    They are few, and float16 has no variance of 1e5.

    Raises BundleError when a value is, or becomes, infinite or no number.
    """
    packed = {
        name: tensor.detach().cpu().to(_kept_as(name, tensor, dtype)).contiguous()
        for name, tensor in state_dict.items()
        if not name.endswith(COUNTER)
    }
    _check_finite(packed)
    return save(packed)


def _kept_as(name: str, tensor: Tensor, dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if tensor.ndim == 1 or name.startswith(PREFIX) else dtype


def unpack(body: bytes) -> dict[str, Tensor]:
    """Tensors by name. Raises BundleError for what is no safetensors file, or holds anything but finite floats."""
    try:
        tensors = load(body)
    except (SafetensorError, KeyError, ValueError, RuntimeError, AttributeError) as error:
        raise BundleError("the bundle's weights are no whole safetensors file") from error
    for name, tensor in tensors.items():
        if tensor.dtype not in FLOATS:
            raise BundleError(f"the bundle's tensor {name!r} has the type {tensor.dtype}, none that a network has here")
    _check_finite(tensors)
    return tensors


def network_of(classes: int, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network in float32, in evaluation mode. Raises BundleError where `tensors` are not exactly its own.

    Statistics of what it has seen, which a bundle may have besides, are no part of it. Bundles from before the network
    had kind heads compute what they did: theirs are zero.
    """
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}
    # On the meta device nothing is drawn at random: every tensor is assigned below.
    with torch.device("meta"):
        network = build_network(classes)
    wanted = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(COUNTER)}
    if not any(name.startswith(KIND_HEADS) for name in tensors):
        heads = {name: torch.zeros(meta.shape) for name, meta in wanted.items() if name.startswith(KIND_HEADS)}
        tensors = {**tensors, **heads}
    for name, tensor in wanted.items():
        if name not in tensors:
            raise BundleError(f"the bundle's weights lack the tensor {name!r} of this version's network")
        if tensors[name].shape != tensor.shape:
            found, shape = tuple(tensors[name].shape), tuple(tensor.shape)
            raise BundleError(f"the bundle's tensor {name!r} has the shape {found}; the network's has {shape}")
    if surplus := sorted(tensors.keys() - wanted.keys()):
        raise BundleError(f"the bundle's weights hold a tensor {surplus[0]!r} that this version's network has not")
    state = {name: tensor.float() for name, tensor in tensors.items()}
    counters = {name: torch.zeros((), dtype=torch.int64) for name in network.state_dict() if name.endswith(COUNTER)}
    network.load_state_dict(state | counters, assign=True)
    return network.eval().requires_grad_(False)


def familiarity_of(network: nn.Module, tensors: Mapping[str, Tensor]) -> Familiarity | None:
    """None for a bundle without statistics of what it has seen. Raises BundleError where they are another network's."""
    arrays = {name: tensor.float().numpy() for name, tensor in tensors.items() if name.startswith(PREFIX)}
    return Familiarity.of(arrays, sum(channels_at(network, stride) for stride in STRIDES))


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise BundleError(f"the tensor {name!r} holds values that are infinite or no numbers")
