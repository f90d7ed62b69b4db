"""Importing this loads torch; nothing else that a command or the API reads does."""

from pathlib import Path
from typing import Self

from rockseg_model import openmp  # noqa: F401 - first: it must come before torch
from rockseg_model.bundle import Bundle, load_bundle
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_model.torch_network import TorchNetwork, choose_device
from rockseg_model.weights import familiarity_of, network_of, unpack


class TorchSegmenter(TiledSegmenter):
    """A bundle, ready to run."""

    @classmethod
    def load(cls, folder: Path, *, device: str = "auto", shifted: bool = False) -> Self:
        """Raises BundleError for a bundle that cannot be trusted or used, SettingsError for a device not there."""
        return cls.of(load_bundle(folder), device=device, shifted=shifted)

    @classmethod
    def of(cls, bundle: Bundle, *, device: str = "auto", shifted: bool = False) -> Self:
        """Tensors are converted here, once. Raises as `load` does."""
        chosen = choose_device(device)
        tensors = unpack(bundle.weights)
        network = network_of(len(bundle.manifest.classes), tensors)
        return cls(
            bundle.manifest,
            bundle.ref,
            TorchNetwork(network, bundle.manifest.normalisation, chosen),
            shifted=shifted,
            familiarity=familiarity_of(network, tensors),
            manifest_body=bundle.manifest_body,
        )
