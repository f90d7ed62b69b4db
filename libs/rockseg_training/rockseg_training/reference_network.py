"""The reference's network: that of every bundle, or the same with a decoder of smp's own width, to compare."""

from pathlib import Path
from typing import Final

import torch
from torch import nn

from rockseg_core.domain.errors import SettingsError
from rockseg_model.network import DECODER_CHANNELS, build_network
from rockseg_training.encoder_weights import HOW_TO_GET, load_encoder, read_encoder_weights
from rockseg_training.reference import REFERENCE

DECODERS: Final = {"half": DECODER_CHANNELS, "full": (256, 128, 64, 32, 16)}


def begun(decoder: str, seed: int, encoder_weights: Path | None) -> nn.Module:
    """Weights drawn by `seed`, in the encoder those of ImageNet if their file is given.

    Raises SettingsError for a file that is none of them.
    """
    torch.manual_seed(seed)
    network = build_network(len(REFERENCE.classes), DECODERS[decoder])
    if encoder_weights is not None:
        encoder = network.encoder
        assert isinstance(encoder, nn.Module)  # noqa: S101 - smp has no types
        try:
            load_encoder(encoder, read_encoder_weights(encoder_weights))
        except ValueError as error:
            raise SettingsError(f"{encoder_weights}: {error}; {HOW_TO_GET}") from error
    return network
