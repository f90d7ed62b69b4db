"""What a manifest must say beyond its schema. Its names become object keys, its numbers divisors and sizes."""

import math
import re
from typing import Final

from rockseg_core.domain.errors import BundleError
from rockseg_core.domain.manifest import Manifest
from rockseg_core.domain.warnings import LOW_CONFIDENCE, NOT_CORE, UNLIKE_TRAINING_DATA

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62})")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
CONFIDENT: Final = "confident"
MOST_TILE_PIXELS: Final = 4 << 20
# Thresholds that a bundle may have; without one, its warning never comes. A distance has no bound.
MOST: Final = {NOT_CORE: 1.0, LOW_CONFIDENCE: 1.0, UNLIKE_TRAINING_DATA: math.inf}
MOST_TEXT: Final = 500
CORE_WIDTHS_PX: Final = range(16, 2049)


def check_manifest(manifest: Manifest) -> None:
    """Raises BundleError with a sentence for the first rule that is broken."""
    for kind, text in (("name", manifest.name), ("version", manifest.version)):
        if not NAME.fullmatch(text) or ".." in text:
            raise BundleError(f"the bundle's {kind} is not made of a to z, 0 to 9, dots, dashes and underscores")
    _check_classes(manifest)
    if manifest.core_width_px not in CORE_WIDTHS_PX:
        raise BundleError("the bundle's core_width_px is outside 16 to 2048")
    if any(height * width > MOST_TILE_PIXELS for height, width in manifest.tile_shapes):
        raise BundleError("a tile shape of the bundle has more than 4 megapixels")
    normalisation = manifest.normalisation
    if not all(map(math.isfinite, normalisation.mean)) or not all(0 < s < math.inf for s in normalisation.std):
        raise BundleError("the bundle's normalisation has a mean that is no number or a std that is not above 0")
    if not 0 < manifest.temperature < math.inf:
        raise BundleError("the bundle's temperature is not above 0")
    _check_thresholds(manifest)
    _check_calibration(manifest)
    for digest in manifest.files.values():
        if not SHA256.fullmatch(digest):
            raise BundleError("the bundle's manifest has a sha256 that is not 64 lower-case hexadecimal digits")


def _check_thresholds(manifest: Manifest) -> None:
    if not 0 <= manifest.thresholds.get(CONFIDENT, math.nan) <= 1:
        raise BundleError(f"the bundle's thresholds have no {CONFIDENT} between 0 and 1")
    for name, most in MOST.items():
        if not 0 <= manifest.thresholds.get(name, 0) <= most:
            raise BundleError(f"the bundle's threshold {name} is outside 0 to {most:g}")


def _check_calibration(manifest: Manifest) -> None:
    """What it says goes into every report."""
    texts = [*manifest.threshold_sources.values()]
    if calibration := manifest.calibration:
        texts += [calibration.method, calibration.source]
        if calibration.ece is not None and not 0 <= calibration.ece <= 1:
            raise BundleError("the bundle's calibration error is outside 0 to 1")
    if any(len(text) > MOST_TEXT or not text.isprintable() for text in texts):
        raise BundleError(
            f"the bundle tells where it comes from in more than {MOST_TEXT} characters, or unprintable ones"
        )


def _check_classes(manifest: Manifest) -> None:
    for rock in manifest.classes:
        if not rock.name or rock.name != rock.name.lower() or not rock.name.isprintable():
            raise BundleError("the bundle has a class name that is not plain lower-case text")
        if not all(0 <= value <= 255 for value in rock.rgb):
            raise BundleError("the bundle has a class colour outside 0 to 255")
    test = manifest.self_test
    if len(test.class_shares) != len(manifest.classes):
        raise BundleError("the bundle's self test does not have one share for each class")
    if test.seed < 0 or not 0 < test.tolerance < math.inf or not all(0 <= share <= 1 for share in test.class_shares):
        raise BundleError("the bundle's self test has a seed, a tolerance or a share out of range")
