"""The reference as a bundle, or, where no bundle may hold its network, as a Segmenter that does the same."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import nn

from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Calibration, Manifest, SelfTest
from rockseg_model.bundle import Bundle
from rockseg_model.bundle_writer import write_bundle
from rockseg_model.tiled_segmenter import TiledSegmenter
from rockseg_model.torch_network import TorchNetwork
from rockseg_training import calibrate
from rockseg_training.device import device_of
from rockseg_training.encoder_weights import NORMALISATION
from rockseg_training.evaluation.drawn_cores import unseen_crops
from rockseg_training.reference import REFERENCE
from rockseg_training.synthetic.crop import CORE_WIDTH_PX, Drawn

NAME: Final = "reference"
TILE_SHAPES: Final = ((1024, 256), (256, 1024), (704, 384), (384, 704), (512, 512))
CALIBRATION_CROPS: Final = 400  # half of them fit: four halves of 120 gave 1.09 to 1.6
FIRST_CALIBRATION_CROP: Final = 100_000  # those before it are judged
SOURCE: Final = f"{CALIBRATION_CROPS} drawn cores of families that training never saw; others are judged"


@dataclass(frozen=True)
class Sure:
    """A temperature, and the least confidence at which a pixel is `confident`."""

    temperature: float
    confident: float
    calibration: Calibration


def calibrated(network: nn.Module, crops: int = CALIBRATION_CROPS) -> Sure:
    """On drawn cores of families never seen: fitted on half of them, its error measured on the others."""
    shown = [Drawn(photo.pixels, photo.labels) for photo in unseen_crops(crops, REFERENCE, FIRST_CALIBRATION_CROP)]
    logits, labels = calibrate.sample_pixels(network, shown[::2])
    temperature = calibrate.fit_temperature(logits, labels)
    confident = calibrate.confident_threshold(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    logits, labels = calibrate.sample_pixels(network, shown[1::2])
    error = calibrate.calibration_error(calibrate.confidence(logits, temperature), logits.argmax(1) == labels)
    method = "one temperature for all logits (Guo et al. 2017)"
    return Sure(temperature, confident, Calibration(method, SOURCE, round(error, 4)))


def write_reference(folder: Path, network: nn.Module, sure: Sure, version: str, card: str) -> Bundle:
    return write_bundle(
        folder,
        name=NAME,
        version=version,
        classes=REFERENCE.classes,
        core_width_px=int(CORE_WIDTH_PX),
        tile_shapes=TILE_SHAPES,
        normalisation=NORMALISATION,
        temperature=sure.temperature,
        thresholds={"confident": sure.confident},
        state_dict=network.state_dict(),
        card=card,
        calibration=sure.calibration,
        threshold_sources={"confident": SOURCE},
    )


def segmenter_of(network: nn.Module, sure: Sure, version: str, *, shifted: bool = False) -> TiledSegmenter:
    """Of a network that no bundle holds; `network` stays as it is."""
    manifest = Manifest(
        name=NAME,
        version=version,
        classes=REFERENCE.classes,
        core_width_px=int(CORE_WIDTH_PX),
        tile_shapes=TILE_SHAPES,
        normalisation=NORMALISATION,
        temperature=sure.temperature,
        thresholds={"confident": sure.confident},
        files={},
        self_test=SelfTest(0, (), 0.0),
    )
    own = deepcopy(network).eval().requires_grad_(requires_grad=False)
    runs = TorchNetwork(own, NORMALISATION, device_of(network))
    return TiledSegmenter(manifest, ModelRef(NAME, version, ""), runs, shifted=shifted)
