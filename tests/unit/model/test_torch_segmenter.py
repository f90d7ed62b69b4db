import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import core_box, photo_of
from torch import nn

from rockseg_core.domain.errors import BundleError, FatalError, SettingsError
from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.manifest import Normalisation
from rockseg_core.ports.segmenter import Tile
from rockseg_model.bundle import load_bundle
from rockseg_model.segmenter import TorchSegmenter
from rockseg_model.torch_network import TorchNetwork, choose_device, fastest_dtype
from rockseg_model.weights import network_of, unpack

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def segmenter(random_bundle: Path) -> TorchSegmenter:
    return TorchSegmenter.load(random_bundle, device="cpu")


def test_a_bundle_is_loaded_and_passes_its_own_self_test(segmenter: TorchSegmenter) -> None:
    assert segmenter.device == "cpu"
    assert segmenter.ref.name == "random"
    assert segmenter.self_test()


def test_the_self_test_holds_in_float32_and_in_bfloat16(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        monkeypatch.setattr("rockseg_model.torch_network.fastest_dtype", lambda _, dtype=dtype: dtype)
        assert TorchSegmenter.load(random_bundle, device="cpu").self_test()


def test_other_weights_fail_the_self_test(random_bundle: Path, segmenter: TorchSegmenter) -> None:
    bundle = load_bundle(random_bundle)
    network = network_of(12, unpack(bundle.weights))
    for parameter in network.parameters():
        parameter.zero_()
    broken = TorchSegmenter(bundle.manifest, bundle.ref, TorchNetwork(network, bundle.manifest.normalisation, CPU))
    assert segmenter.self_test()
    assert not broken.self_test()


def test_forward_computes_what_the_plain_network_does(random_bundle: Path, segmenter: TorchSegmenter) -> None:
    bundle = load_bundle(random_bundle)
    pixels = photo_of(core_box(1024, 256, cores=2, core_width=100))
    (found,) = segmenter.forward([Tile(0, pixels)])
    normalisation = bundle.manifest.normalisation
    normal = (pixels / np.float32(255) - np.float32(normalisation.mean)) / np.float32(normalisation.std)
    with torch.inference_mode():
        network = network_of(12, unpack(bundle.weights))
        wanted = network(torch.from_numpy(normal.astype(np.float32)).permute(2, 0, 1)[None])[0].numpy()
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    assert found.shape == wanted.shape == (12, 1024, 256)
    assert np.abs(found - wanted).mean() < (0.1 if fastest_dtype(CPU) is torch.bfloat16 else 1e-3) * wanted.std()


def test_a_tile_is_computed_alike_alone_and_in_company(segmenter: TorchSegmenter) -> None:
    rng = np.random.default_rng(0)
    tiles = [Tile(index, rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)) for index in range(3)]
    together = segmenter.forward(tiles)
    alone = segmenter.forward([tiles[1]])
    assert np.array_equal(together[1], alone[0])


@pytest.mark.parametrize("error", [RuntimeError("CUDA error"), MemoryError(), torch.OutOfMemoryError("CUDA")])
def test_a_failing_device_is_a_fatal_error(error: Exception) -> None:
    class Failing(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            raise error

    network = TorchNetwork(Failing(), Normalisation((0, 0, 0), (1, 1, 1)), CPU)
    with pytest.raises(FatalError) as caught:
        network([np.zeros((32, 32, 3), np.uint8)])
    assert "CUDA" not in caught.value.sentence


@pytest.mark.parametrize("device", ["gpu", "cpu:x", "mps", ""])
def test_a_device_that_is_none_is_a_setting_to_mend(device: str) -> None:
    with pytest.raises(SettingsError):
        choose_device(device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_where_there_is_none_is_a_setting_to_mend_and_auto_takes_the_cpu() -> None:
    with pytest.raises(SettingsError, match="CUDA"):
        choose_device("cuda")
    assert choose_device("auto") == CPU


def test_a_bundle_whose_weights_are_not_this_network_is_refused(random_bundle: Path) -> None:
    from dataclasses import replace

    bundle = load_bundle(random_bundle)
    with pytest.raises(BundleError):
        TorchSegmenter.of(replace(bundle, weights=bundle.weights[:-1]))


def test_the_parts_that_need_no_torch_load_none() -> None:
    parts = "bundle, tiled_segmenter, photo, photo_plan, scale"
    program = f"import sys; from rockseg_model import {parts}; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


@pytest.mark.parametrize(("set_by_user", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_openmp_is_told_to_sleep_before_torch_is_loaded_unless_the_user_says_otherwise(
    set_by_user: str | None, found: str
) -> None:
    program = """if True:
        import os, sys
        class Watch:
            def find_spec(self, name, *_):
                if name == "torch":
                    print(os.environ.get("OMP_WAIT_POLICY"))
        sys.meta_path.insert(0, Watch())
        import rockseg_model.segmenter
    """
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": set_by_user} if set_by_user else {}
    assert subprocess.check_output([sys.executable, "-c", program], text=True, env=environment).strip() == found


def test_a_photo_goes_through_whole(segmenter: TorchSegmenter) -> None:
    from rockseg_model.photo import segment

    photo = photo_of(core_box(700, 300, cores=1, core_width=220))
    result = segment(photo, JobOptions(core_width_px=220), segmenter)
    assert result.mask.shape == (700, 300)
    assert result.mask.max() < 12
