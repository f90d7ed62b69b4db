"""A bundle's network on a device: the one place where torch computes."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import FatalError, SettingsError
from rockseg_core.domain.manifest import Normalisation
from rockseg_model.fold_norms import fold_norms
from rockseg_model.glimpse import Features, Inside
from rockseg_model.network import with_maps
from rockseg_model.tiled_segmenter import Network

DEVICES: Final = ("auto", "cpu", "cuda")

Answer: TypeAlias = tuple[Logits, Features | None]


class TorchNetwork(Network):
    """Channels last, batch norms folded into the kernels, in bfloat16 where the device computes in it."""

    def __init__(self, network: nn.Module, normalisation: Normalisation, device: torch.device) -> None:
        """`network` in float32 and evaluation mode; it is taken over."""
        self._device, self._dtype = device, fastest_dtype(device)
        fold_norms(network)
        self._network = network.to(device, self._dtype).to(memory_format=torch.channels_last)
        mean, std = (
            torch.tensor(values, dtype=torch.float32, device=device).view(1, 3, 1, 1)
            for values in (normalisation.mean, normalisation.std)
        )
        self._factor, self._offset = 1 / (255 * std), -mean / std
        self._cores = torch.get_num_threads()
        # Threads start when first used; each computes with itself alone.
        self._threads = ThreadPoolExecutor(self._cores, "rockseg-tile", torch.set_num_threads, (1,))

    @property
    @override
    def device(self) -> str:
        return self._device.type

    @override
    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        return [logits for logits, _ in self._answers(pixels, [None] * len(pixels))]

    @override
    def look(
        self, pixels: Sequence[Pixels], inside: Sequence[Inside]
    ) -> tuple[Sequence[Logits], Sequence[Features | None]]:
        answers = self._answers(pixels, inside)
        return [logits for logits, _ in answers], [features for _, features in answers]

    def _answers(self, pixels: Sequence[Pixels], inside: Sequence[Inside | None]) -> list[Answer]:
        try:
            if self._device.type == "cpu":
                return self._tile_by_tile(pixels, inside)
            with torch.inference_mode():
                batch = torch.from_numpy(np.stack(pixels)).pin_memory()
                return self._forward(batch.to(self._device, non_blocking=True), inside)
        except (RuntimeError, MemoryError) as error:  # CUDA's errors, out of memory among them, are RuntimeErrors
            raise FatalError("the device that runs the network failed") from error

    def _tile_by_tile(self, pixels: Sequence[Pixels], inside: Sequence[Inside | None]) -> list[Answer]:
        """Never as one batch: four 1024×256 tiles at once take 38 ms each, one takes 27, for it stays in the cache.

        Tiles enough for every core take a core each, which wait for nobody; the rest have all cores, one by one.
        """
        whole = len(pixels) - len(pixels) % self._cores if self._cores > 1 else 0
        together = self._threads.map(self._tile, pixels[:whole], inside[:whole])
        return [*together, *map(self._tile, pixels[whole:], inside[whole:])]

    def _tile(self, pixels: Pixels, inside: Inside | None) -> Answer:
        with torch.inference_mode():
            (answer,) = self._forward(torch.from_numpy(pixels[None]), [inside])
            return answer

    def _forward(self, batch: Tensor, inside: Sequence[Inside | None]) -> list[Answer]:
        """(N, h, w, 3) uint8 → N × (C, h, w) float32 on the host. A permuted NHWC is what channels_last means."""
        tiles = (batch.permute(0, 3, 1, 2).float() * self._factor + self._offset).to(self._dtype)
        features: list[Features | None] = [None] * len(inside)
        if any(inside):
            logits, maps = with_maps(self._network, tiles)
            features = [_mean_inside(maps, number, part) if part else None for number, part in enumerate(inside)]
        else:
            logits = self._network(tiles)
        array: Logits = logits.to(torch.float32, memory_format=torch.contiguous_format).cpu().numpy()
        return list(zip(array, features, strict=True))


def _mean_inside(maps: Mapping[int, Tensor], number: int, inside: Inside) -> Features:
    """(K,) of one tile of a batch; float32 before the mean: bfloat16 has 8 bits."""
    means = [of[number][(slice(None), *inside.cells(stride))].float().mean((1, 2)) for stride, of in maps.items()]
    seen: Features = torch.cat(means).cpu().numpy()
    return seen


def choose_device(wanted: str) -> torch.device:
    """`auto` takes CUDA where there is one. Raises SettingsError for what this machine has not."""
    if wanted.partition(":")[0] not in DEVICES:
        raise SettingsError(f"{wanted!r} is no device; there are {', '.join(DEVICES)}")
    cuda = torch.cuda.is_available()
    if wanted == "auto":
        return torch.device("cuda" if cuda else "cpu")
    if wanted.startswith("cuda") and not cuda:
        raise SettingsError("there is no CUDA device here, or its driver is too old for this torch")
    try:
        return torch.device(wanted)
    except RuntimeError as error:
        raise SettingsError(f"{wanted!r} is no device; one is written cuda or cuda:0") from error


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where it is computed and not emulated: a 1024×256 tile takes 27 ms against 44 on two Zen 5 cores."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    can = torch.cpu.get_capabilities()
    return torch.bfloat16 if can.get("avx512_bf16") or can.get("amx_bf16") else torch.float32
