"""The bundle that comes along is one that the demo can stand on."""

from pathlib import Path

import numpy as np

from rockseg_model.bundle import load_bundle
from rockseg_model.weights import network_of, unpack
from rockseg_training.evaluate import evaluate_drawn, held_out_crops
from rockseg_training.reference import REFERENCE
from rockseg_training.reference_bundle import TILE_SHAPES

BUNDLE = Path(__file__).parents[3] / "models" / "reference"


def test_the_bundle_has_the_classes_and_shapes_of_the_design_and_stays_below_12_mb() -> None:
    manifest = load_bundle(BUNDLE).manifest
    assert manifest.classes == REFERENCE.classes
    assert manifest.tile_shapes == TILE_SHAPES
    assert sum(file.stat().st_size for file in BUNDLE.iterdir()) < 12_000_000


def test_the_bundle_tells_rock_from_background_and_has_learned_kinds() -> None:
    """On a few drawn crops: bounds well below the card's figures, far above what random weights reach."""
    bundle = load_bundle(BUNDLE)
    tally = evaluate_drawn(network_of(len(REFERENCE.classes), unpack(bundle.weights)), held_out_crops(16))
    rock, background = tally.rock_iou()
    assert rock > 0.7
    assert background > 0.65
    assert np.diag(tally.confusion)[1:].sum() > 0.35 * tally.confusion[1:].sum()
