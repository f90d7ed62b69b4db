"""A network in training: one step, the schedule, a running mean of the weights, and a checkpoint to go on from."""

import math
import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.manifest import Normalisation
from rockseg_training.batches import Batch
from rockseg_training.device import QuickDepthwise, as_input, autocast
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.labels import LabelSpace
from rockseg_training.losses import disagreement, forgetting, is_open, partial_cross_entropy, rock_dice
from rockseg_training.photo_crop import TWIN_SHIFT_PX
from rockseg_training.reference import REFERENCE

WARM_UP_STEPS: Final = 60
LAST_RATE: Final = 0.02  # of the full rate, at the end of the cosine
EMA_DECAY: Final = 0.997
DICE_WEIGHT: Final = 0.5
TWIN_WEIGHT: Final = 1.0  # a pixel's disagreement costs what a wrong label does
TAUGHT_WEIGHT: Final = 1.0  # and so does what it forgets
CHECKPOINT: Final = "checkpoint.pt"


@dataclass(frozen=True)
class Rates:
    """Full learning rates of AdamW. The defaults are for an encoder of ImageNet and a decoder of random weights."""

    encoder: float = 6e-4
    decoder: float = 3e-3


@dataclass
class Progress:
    """How far a run is; what its schedule and its early stop rest on."""

    step: int = 0
    begin: int = 0  # the step at which the present round of the schedule began
    total: int = 0  # the step at which it ends; 0 until the speed of this machine is known
    seconds: float = 0.0
    loss: float = 0.0
    scores: list[tuple[int, float]] = field(default_factory=list)  # (step, on held-out holes), in order
    stopped: bool = False  # early, since it no longer got better

    @property
    def best(self) -> tuple[int, float]:
        """(step, score); of equals the first."""
        return max(self.scores, key=lambda scored: (scored[1], -scored[0]), default=(0, -math.inf))


class Trainer:
    """Everything that the network becomes depends on its weights, the seed, the batches and the number of threads."""

    def __init__(
        self,
        network: nn.Module,
        space: LabelSpace = REFERENCE,
        *,
        normalisation: Normalisation = NORMALISATION,
        rates: Rates = Rates(),
        device: torch.device | None = None,
        seed: int = 0,
        run: str = "",
        norms_frozen_from: int | None = None,
        teacher: nn.Module | None = None,
    ) -> None:
        """`run` says what is trained on what: a checkpoint of another run is not gone on from.

        `norms_frozen_from`: the step from which batch norms keep the statistics that they have, in their running mean.
        Those of a batch of few crops, by which they go before it, depend on how light its crops happen to be, so that
        what lightness tells is learnt badly.

        `teacher` tells kinds where labels leave them open, as `forgetting` says.
        """
        self.device = device or torch.device("cpu")
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        encoder = [value for name, value in network.named_parameters() if name.startswith("encoder.")]
        rest = [value for name, value in network.named_parameters() if not name.startswith("encoder.")]
        groups = [{"params": encoder, "lr": rates.encoder}, {"params": rest, "lr": rates.decoder}]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        self._rates, self._seed, self._run, self._normalisation = (
            (rates.encoder, rates.decoder),
            seed,
            run,
            normalisation,
        )
        self._allowed = torch.from_numpy(space.allowed()).to(self.device)
        self.mean = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.best = self.mean
        self.progress = Progress()
        self._norms_frozen_from = norms_frozen_from
        self._teacher = teacher.to(self.device).eval() if teacher is not None else None

    def step(self, batch: Batch) -> float:
        """One step; gives its loss."""
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._schedule()
        torch.manual_seed(self._seed * 1_000_003 + self.progress.step)  # whatever drops out, also after a resume
        self.network.train()
        self._freeze_norms()
        labels = torch.from_numpy(batch.labels.astype(np.int64)).to(self.device)
        with autocast(self.device), QuickDepthwise():
            given = as_input(batch.pixels, self._normalisation, self.device)
            logits = self.network(given)
        loss = partial_cross_entropy(logits.float(), labels, self._allowed)
        loss = loss + DICE_WEIGHT * rock_dice(logits.float(), labels)
        if batch.twins:
            apart = disagreement(logits.float(), labels, self._allowed, batch.twins, TWIN_SHIFT_PX)
            loss = loss + TWIN_WEIGHT * apart
        if self._teacher is not None:
            taught = self._taught(self._teacher, given, labels, logits)
            loss = loss + TAUGHT_WEIGHT * forgetting(logits.float(), taught, labels, self._allowed)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch types no backward
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimizer.step()
        self.progress.step += 1
        self._average()
        value = loss.item()
        self.progress.loss = value if self.progress.step == 1 else 0.98 * self.progress.loss + 0.02 * value
        return value

    @torch.no_grad()
    def _taught(self, teacher: nn.Module, given: Tensor, labels: Tensor, logits: Tensor) -> Tensor:
        """What the teacher says of the crops in which some kind is open, and nothing of the others."""
        taught = torch.zeros_like(logits, dtype=torch.float32)
        crops = is_open(labels, self._allowed).flatten(1).any(1)
        if crops.any():
            with autocast(self.device):
                taught[crops] = teacher(given[crops]).float()
        return taught

    def scored(self, score: float) -> None:
        """Note how well the mean does; the best is kept."""
        if score > self.progress.best[1]:
            self.best = {name: value.detach().clone() for name, value in self.mean.items()}
        self.progress.scores.append((self.progress.step, score))

    def _schedule(self) -> float:
        step, total = self.progress.step - self.progress.begin, self.progress.total - self.progress.begin
        warm_up = min(WARM_UP_STEPS, total // 4) if total > 0 else WARM_UP_STEPS
        if step < warm_up or total <= 0:
            return min(1.0, (step + 1) / max(1, warm_up))
        done = min(1.0, (step - warm_up) / max(1, total - warm_up))
        return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))

    @torch.no_grad()
    def _freeze_norms(self) -> None:
        """If it is time for it; the last few batches, which a norm's own statistics are of, say less than the mean."""
        if self._norms_frozen_from is None or self.progress.step < self._norms_frozen_from:
            return
        if self.progress.step == self._norms_frozen_from:
            for name, value in self.network.named_buffers():
                value.copy_(self.mean[name])
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(EMA_DECAY, self.progress.step / (self.progress.step + 10))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.mean[name].lerp_(value, 1 - decay)
            else:
                self.mean[name].copy_(value)

    def save(self, folder: Path) -> None:
        """Write the checkpoint; a kill, or a machine switched off, leaves the old one or the new one, whole.

        Raises SettingsError where the folder cannot be written.
        """
        state = {
            "run": self._run,
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "mean": self.mean,
            "best": self.best,
            "progress": vars(self.progress),
        }
        part = folder / f"{CHECKPOINT}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(folder / CHECKPOINT)
        except (OSError, RuntimeError) as error:  # RuntimeError: torch's word for a full disk
            raise SettingsError(f"The checkpoint in {folder} cannot be written: is there room on the disk?") from error

    def resume(self, folder: Path) -> bool:
        """Go on from the folder's checkpoint, if it has one. Raises SettingsError for one of another run."""
        file = folder / CHECKPOINT
        if not file.exists():
            return False
        state = _load(file)
        if state.get("run", "") != self._run:
            raise SettingsError(
                f"The checkpoint in {folder} is of another run: other photos, labels, starting bundle or options, or a "
                "rockseg that draws other cores. To begin anew, delete it, or give rockseg train --force; to keep it, "
                "write elsewhere."
            )
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.mean = _to(state["mean"], self.device)
        self.best = _to(state.get("best", state["mean"]), self.device)
        self.progress = Progress(**state["progress"])
        return True


def _load(file: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        raise SettingsError(f"The checkpoint {file} cannot be read; delete it to begin anew.") from error
    return state


def _to(state: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: value.to(device) for name, value in state.items()}
