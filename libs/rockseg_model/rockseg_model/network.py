"""The one architecture of every bundle: a U-Net on EfficientNet-Lite0 (no squeeze-excite, ReLU6: fast on a CPU)."""

from typing import Final

from torch import Tensor, nn

from rockseg_model.glimpse import STRIDES

ENCODER: Final = "tu-tf_efficientnet_lite0"

# From 1/32 to full size. Half of smp's default width: 3.8 instead of 5.2 M parameters, 31 instead of 44 ms for a
# 1024×256 tile in bf16 on two idle Zen 5 cores, and a training step in 0.4 instead of 0.7 s.
DECODER_CHANNELS: Final = (128, 64, 32, 16, 16)


def build_network(classes: int) -> nn.Module:
    """A network with weights drawn at random: (N, 3, h, w) float → logits (N, classes, h, w); h, w multiples of 32.

    To load weights without paying for the drawing, build under `torch.device("meta")` and load the state dict with
    `assign=True`: it holds every tensor, batch-norm statistics included.
    """
    import segmentation_models_pytorch as smp  # noqa: PLC0415 - takes 1.5 s beyond torch: only who builds one pays

    network = smp.Unet(ENCODER, encoder_weights=None, decoder_channels=DECODER_CHANNELS, classes=classes)
    assert isinstance(network, nn.Module)  # noqa: S101 - for mypy: smp has no types
    return network


def with_maps(network: nn.Module, tiles: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Logits of (N, 3, h, w) as the network itself computes them, and the encoder's maps by stride, for STRIDES."""
    maps: list[Tensor] = network.encoder(tiles)  # type: ignore[operator] # smp has no types
    logits: Tensor = network.segmentation_head(network.decoder(maps))  # type: ignore[operator] # likewise
    return logits, {stride: maps[stride.bit_length() - 1] for stride in STRIDES}


def channels_at(network: nn.Module, stride: int) -> int:
    """Of the encoder's map at 1/stride; strides are powers of 2 from 1 to 32."""
    channels: list[int] = network.encoder.out_channels  # type: ignore[union-attr, assignment] # smp has no types
    return channels[stride.bit_length() - 1]
