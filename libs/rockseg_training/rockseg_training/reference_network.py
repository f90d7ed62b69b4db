"""The reference's network: that of every bundle, or the same with a decoder of smp's own width, to compare."""

from pathlib import Path
from typing import Final

import torch
from torch import nn

from rockseg_core.domain.errors import SettingsError
from rockseg_model.network import ENCODER, build_network
from rockseg_training.encoder_weights import HOW_TO_GET, load_encoder, read_encoder_weights
from rockseg_training.reference import REFERENCE

FULL_DECODER: Final = (256, 128, 64, 32, 16)
DECODERS: Final = ("half", "full")


def begun(decoder: str, seed: int, encoder_weights: Path | None) -> nn.Module:
    """Weights drawn by `seed`, in the encoder those of ImageNet if their file is given.

    Raises SettingsError for a file that is none of them.
    """
    torch.manual_seed(seed)
    network = build_network(len(REFERENCE.classes)) if decoder == "half" else _full()
    if encoder_weights is not None:
        encoder = network.encoder
        assert isinstance(encoder, nn.Module)  # noqa: S101 - smp has no types
        try:
            load_encoder(encoder, read_encoder_weights(encoder_weights))
        except ValueError as error:
            raise SettingsError(f"{encoder_weights}: {error}; {HOW_TO_GET}") from error
    return network


def _full() -> nn.Module:
    import segmentation_models_pytorch as smp  # noqa: PLC0415 - as in rockseg_model.network

    classes = len(REFERENCE.classes)
    network = smp.Unet(ENCODER, encoder_weights=None, decoder_channels=FULL_DECODER, classes=classes)
    assert isinstance(network, nn.Module)  # noqa: S101 - smp has no types
    return network
