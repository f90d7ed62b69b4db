"""From trained weights to a bundle with its figures."""

from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Final

import torch
from torch import nn

from rockseg_model.bundle_writer import write_bundle
from rockseg_training import calibrate
from rockseg_training.card import Measured, write_card
from rockseg_training.datasets.shared import read_shared, read_textures, shown_rocks
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.evaluate import evaluate_drawn, evaluate_photos, held_out_crops
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import CORE_WIDTH_PX
from rockseg_training.trainer import Progress

TILE_SHAPES: Final = ((1024, 256), (256, 1024), (704, 384), (384, 704), (512, 512))
DRAWN_CROPS: Final = 200  # to measure on; half of them to fit the temperature and threshold on, half to check these


def export(
    network: nn.Module,
    progress: Progress,
    out: Path,
    *,
    version: str,
    seed: int,
    data: Path | None,
    say: Callable[[str], None],
) -> Measured:
    """Measure `network`, and write it to `out` as the bundle `starter`."""
    say("measuring on drawn cores")
    half = DRAWN_CROPS // 2
    crops = list(held_out_crops(DRAWN_CROPS))
    logits, labels = calibrate.sample_pixels(network, crops[:half])
    temperature = calibrate.fit_temperature(logits, labels)
    threshold = calibrate.confident_threshold(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    logits, labels = calibrate.sample_pixels(network, crops[half:])
    error = calibrate.calibration_error(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    drawn = evaluate_drawn(network, crops)
    say("measuring on real photos" if data else "no real photos to measure on")
    photos = evaluate_photos(network, read_shared(data, held_out=True).photos()) if data else {}
    measured = Measured(
        steps=progress.step,
        minutes=progress.seconds / 60,
        threads=torch.get_num_threads(),
        seed=seed,
        rounds=progress.begin > 0,
        real=bool(data),
        shown=shown_rocks(chain(read_shared(data, held_out=False).photos(), read_textures(data).photos()))
        if data
        else {},
        drawn=drawn,
        drawn_crops=DRAWN_CROPS,
        photos=photos,
        temperature=temperature,
        confident=threshold,
        calibration_error=error,
    )
    write_bundle(
        out,
        name="starter",
        version=version,
        classes=REFERENCE.classes,
        core_width_px=int(CORE_WIDTH_PX),
        tile_shapes=TILE_SHAPES,
        normalisation=NORMALISATION,
        temperature=temperature,
        thresholds={"confident": threshold},
        state_dict=network.state_dict(),
        card=write_card(measured, "starter", version),
    )
    return measured
