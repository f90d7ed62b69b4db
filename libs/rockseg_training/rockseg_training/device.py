"""Where and how the network computes while it trains."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from typing_extensions import override

from rockseg_core.domain.manifest import Normalisation
from rockseg_model.torch_network import fastest_dtype

GROUPS: Final = 6  # its place among conv2d's arguments


def settle(threads: int, device: torch.device) -> None:
    """The same seed and number of threads are to give the same weights."""
    torch.set_num_threads(threads)
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts; without it sums vary
        torch.backends.cudnn.benchmark = False
        torch.use_deterministic_algorithms(mode=True, warn_only=True)


def device_of(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 where the device computes in it, else float32: float16 would need its losses scaled."""
    return torch.autocast(device.type, torch.bfloat16, enabled=fastest_dtype(device) is torch.bfloat16)


class QuickDepthwise(TorchFunctionMode):
    """Within it, on a CPU, convolutions of one channel each compute in float32 whatever autocast says.

    Their gradients in bfloat16 take oneDNN five times as long: a step of the reference's 1.1 s instead of 0.8.
    """

    @override
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is nn.functional.conv2d and len(args) > GROUPS and args[GROUPS] == args[0].shape[1] > 1:
            pixels, kernel, bias, *how = args
            if pixels.device.type == "cpu":
                with torch.autocast("cpu", enabled=False):
                    return func(pixels.float(), kernel.float(), None if bias is None else bias.float(), *how)
        return func(*args, **(kwargs or {}))


def as_input(pixels: NDArray[np.uint8], normalisation: Normalisation, device: torch.device | None = None) -> Tensor:
    """(N, h, w, 3) uint8 → (N, 3, h, w) float32, channels last in memory."""
    tensor = torch.from_numpy(pixels).to(device).float().div_(255)
    mean, std = (torch.tensor(values, device=device) for values in (normalisation.mean, normalisation.std))
    return ((tensor - mean) / std).permute(0, 3, 1, 2)
