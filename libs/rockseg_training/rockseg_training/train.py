"""The training loop: AdamW, bfloat16 where it pays, a running mean of the weights, and a checkpoint to go on from."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rockseg_core.domain.manifest import Normalisation
from rockseg_training.batches import Batch
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.labels import allowed_classes
from rockseg_training.losses import partial_cross_entropy, rock_dice

ENCODER_RATE: Final = 3e-4
DECODER_RATE: Final = 1e-3
WARM_UP_STEPS: Final = 60
PACE_FROM_STEP: Final = 15  # the first steps load kernels and wait for the first batches
SAY_EVERY_STEPS: Final = 20
LAST_RATE: Final = 0.02  # of the full rate, at the end of the cosine
EMA_DECAY: Final = 0.997
DICE_WEIGHT: Final = 0.5
CHECKPOINT: Final = "checkpoint.pt"


@dataclass
class Progress:
    """What is printed of a run, and what its schedule rests on."""

    step: int = 0
    begin: int = 0  # the step at which the present round of the schedule began
    total: int = 0  # the step at which it ends; 0 until the speed of this machine is known
    seconds: float = 0.0
    loss: float = 0.0


class Trainer:
    """A network in training. Everything that it becomes depends on the seed, the batches and the number of threads."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network.to(memory_format=torch.channels_last)
        encoder = [value for name, value in network.named_parameters() if name.startswith("encoder.")]
        rest = [value for name, value in network.named_parameters() if not name.startswith("encoder.")]
        groups = [{"params": encoder, "lr": ENCODER_RATE}, {"params": rest, "lr": DECODER_RATE}]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        self._rates = (ENCODER_RATE, DECODER_RATE)
        self._allowed = allowed_classes()
        self.mean = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.progress = Progress()

    def step(self, batch: Batch) -> float:
        """One step; gives its loss."""
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._schedule()
        self.network.train()
        labels = torch.from_numpy(batch.labels.astype(np.int64))
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(as_input(batch.pixels))
        loss = partial_cross_entropy(logits.float(), labels, self._allowed)
        loss = loss + DICE_WEIGHT * rock_dice(logits.float(), labels)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimizer.step()
        self.progress.step += 1
        self._average()
        value = loss.item()
        self.progress.loss = value if self.progress.step == 1 else 0.98 * self.progress.loss + 0.02 * value
        return value

    def _schedule(self) -> float:
        step, total = self.progress.step - self.progress.begin, self.progress.total - self.progress.begin
        if step < WARM_UP_STEPS or total <= 0:
            return min(1.0, (step + 1) / WARM_UP_STEPS)
        done = min(1.0, (step - WARM_UP_STEPS) / max(1, total - WARM_UP_STEPS))
        return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(EMA_DECAY, self.progress.step / (self.progress.step + 10))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.mean[name].lerp_(value, 1 - decay)
            else:
                self.mean[name].copy_(value)

    def save(self, folder: Path) -> None:
        """Write the checkpoint; a kill leaves the old one or the new one, never half of one."""
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{CHECKPOINT}.part"
        state = {
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "mean": self.mean,
            "progress": vars(self.progress),
        }
        torch.save(state, part)
        part.replace(folder / CHECKPOINT)

    def resume(self, folder: Path) -> bool:
        """Go on from the folder's checkpoint, if it has one."""
        file = folder / CHECKPOINT
        if not file.exists():
            return False
        state = torch.load(file, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.mean = state["mean"]
        self.progress = Progress(**state["progress"])
        return True


def as_input(pixels: NDArray[np.uint8], normalisation: Normalisation = NORMALISATION) -> Tensor:
    """(N, h, w, 3) uint8 → (N, 3, h, w) float32, channels last in memory."""
    tensor = torch.from_numpy(pixels).float().div_(255)
    return ((tensor - torch.tensor(normalisation.mean)) / torch.tensor(normalisation.std)).permute(0, 3, 1, 2)


def train(
    trainer: Trainer,
    batches: Iterator[Batch],
    folder: Path,
    *,
    minutes: float,
    steps: int | None = None,
    say: Callable[[str], None],
    save_every_seconds: float = 60.0,
) -> None:
    """Until `minutes` of training are done, counted over all runs; the number of steps is fixed after the warm-up.

    With `steps`, until that many are done, however long it takes: so the same seed gives the same weights anywhere.
    A run that is done and is given more goes through another round of the schedule.
    """
    progress = trainer.progress
    more = progress.step < steps if steps else progress.seconds < minutes * 60
    if progress.total and progress.step >= progress.total and more:
        progress.begin, progress.total = progress.step, 0  # done once; now given more: another round
    if steps:
        progress.total = steps
    begun, before, first, saved = monotonic(), progress.seconds, progress.step, monotonic()
    steady = progress.step, progress.seconds  # from where on the pace is measured
    while not progress.total or progress.step < progress.total:
        trainer.step(next(batches))
        progress.seconds = before + monotonic() - begun
        if progress.step == progress.begin + PACE_FROM_STEP:
            steady = progress.step, progress.seconds
        if not progress.total and progress.step >= progress.begin + WARM_UP_STEPS:
            pace = (progress.seconds - steady[1]) / (progress.step - steady[0])
            progress.total = progress.step + max(0, int((minutes * 60 - progress.seconds) / pace))
        if progress.step % SAY_EVERY_STEPS == 0:
            say(_line(progress, (progress.seconds - before) / (progress.step - first)))
        if monotonic() - saved > save_every_seconds:
            trainer.save(folder)
            saved = monotonic()
    trainer.save(folder)


def _line(progress: Progress, pace: float) -> str:
    left = f"{(progress.total - progress.step) * pace / 60:.1f} min left" if progress.total else "measuring the pace"
    return f"step {progress.step}/{progress.total or '?'}  loss {progress.loss:.3f}  {pace:.2f} s a step  {left}"
