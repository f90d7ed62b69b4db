"""What training calls at its end: a trained network becomes a bundle."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from rockseg_core.codec.bundle import encode_manifest
from rockseg_core.domain.arrays import Logits
from rockseg_core.domain.manifest import Calibration, Manifest, Normalisation, RockClass, SelfTest
from rockseg_model.bundle import CARD, MANIFEST, WEIGHTS, Bundle, load_bundle
from rockseg_model.familiarity import Familiarity
from rockseg_model.manifest_rules import check_manifest
from rockseg_model.self_test import FIRST_OF_PATCHES, class_shares, noise_tile
from rockseg_model.weights import familiarity_of, network_of, pack, unpack

SEEDS: Final = range(FIRST_OF_PATCHES, FIRST_OF_PATCHES + 16)
LEAST_TOLERANCE: Final = 0.02


def write_bundle(
    folder: Path,
    *,
    name: str,
    version: str,
    classes: Sequence[RockClass],
    core_width_px: int,
    tile_shapes: Sequence[tuple[int, int]],
    normalisation: Normalisation,
    temperature: float,
    thresholds: Mapping[str, float],
    state_dict: Mapping[str, Tensor],
    card: str,
    dtype: torch.dtype = torch.float16,
    calibration: Calibration | None = None,
    familiarity: Familiarity | None = None,
    threshold_sources: Mapping[str, str] | None = None,
) -> Bundle:
    """Write `folder` (made when missing; its three files are replaced) and read it back as anyone else would.

    `state_dict` is of `build_network(len(classes))`, whole or without its counters; `tile_shapes` are (height, width),
    multiples of 32, list transposes too; `thresholds` has `confident` within [0, 1], and may have more (see
    `manifest_rules`), with `threshold_sources` where they come from; `familiarity` is what the warnings `not_core` and
    `unlike_training_data` rest on; `card` is Markdown. Kernels are
    kept as `dtype` (float16 or bfloat16: about 2 bytes a parameter). The self test is computed here, from the very
    tensors that were written. Raises BundleError for tensors or fields that no loader would accept.
    """
    statistics = {name: torch.from_numpy(array) for name, array in familiarity.arrays.items()} if familiarity else {}
    weights = pack({**state_dict, **statistics}, dtype)
    files = {WEIGHTS: weights, CARD: card.encode()}
    network = network_of(len(classes), unpack(weights))
    familiarity_of(network, unpack(weights))
    manifest = Manifest(
        name=name,
        version=version,
        classes=tuple(classes),
        core_width_px=core_width_px,
        tile_shapes=tuple((height, width) for height, width in tile_shapes),
        normalisation=normalisation,
        temperature=temperature,
        thresholds=dict(thresholds),
        self_test=_self_test(network, normalisation, tile_shapes[0]),
        files={file: hashlib.sha256(content).hexdigest() for file, content in files.items()},
        calibration=calibration,
        threshold_sources=dict(threshold_sources or {}),
    )
    check_manifest(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    # The manifest goes first and comes last: a bundle half written is no bundle.
    (folder / MANIFEST).unlink(missing_ok=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    (folder / MANIFEST).write_bytes(encode_manifest(manifest))
    return load_bundle(folder)


def replace_card(folder: Path, card: str) -> Bundle:
    """Give a bundle another card (Markdown); weights and all else of it stay. Raises BundleError for a bad bundle."""
    manifest = load_bundle(folder).manifest
    content = card.encode()
    files = {**manifest.files, CARD: hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).unlink()
    (folder / CARD).write_bytes(content)
    (folder / MANIFEST).write_bytes(encode_manifest(msgspec.structs.replace(manifest, files=files)))
    return load_bundle(folder)


def _self_test(network: nn.Module, normalisation: Normalisation, shape: tuple[int, int]) -> SelfTest:
    """The seed whose noise the network sees the most evenly spread classes in, so that the test can tell something.

    Tolerance: three times what bfloat16, the coarsest arithmetic used, changes in the shares.
    """
    tests = []
    for seed in SEEDS:
        shares = class_shares(_logits(network.float(), normalisation, seed, shape))
        tests.append((max(shares), seed, shares))
    _, seed, shares = min(tests)
    coarse = class_shares(_logits(network.bfloat16(), normalisation, seed, shape))
    difference = max(abs(one - other) for one, other in zip(shares, coarse, strict=True))
    return SelfTest(seed, shares, max(LEAST_TOLERANCE, 3 * difference))


def _logits(network: nn.Module, normalisation: Normalisation, seed: int, shape: tuple[int, int]) -> Logits:
    mean, std = (np.array(values, np.float32) for values in (normalisation.mean, normalisation.std))
    pixels = (noise_tile(seed, shape).astype(np.float32) / 255 - mean) / std
    tile = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(next(network.parameters()).dtype)
    with torch.inference_mode():
        logits: Logits = network(tile)[0].float().numpy()
    return logits
