from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from rockseg_core.domain.errors import BundleError
from rockseg_model.bundle import load_bundle
from rockseg_model.fold_norms import fold_norms
from rockseg_model.network import KIND_HEADS, RockNetwork, build_network
from rockseg_model.weights import network_of, pack, unpack

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def packed(random_bundle: Path) -> bytes:
    return load_bundle(random_bundle).weights


def test_kernels_are_kept_in_half_and_vectors_whole(packed: bytes) -> None:
    tensors = unpack(packed)
    assert {tensor.dtype for tensor in tensors.values() if tensor.ndim > 1} == {torch.float16}
    assert {tensor.dtype for tensor in tensors.values() if tensor.ndim == 1} == {torch.float32}
    assert not any("num_batches" in name for name in tensors)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_what_was_packed_computes_what_was_trained(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    network = build_network(5).eval()
    again = network_of(5, unpack(pack(network.state_dict(), dtype)))
    tile = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        wanted, found = network(tile), again(tile)
    assert (wanted - found).abs().mean() < 0.02 * wanted.std()


def test_folded_norms_compute_the_same(packed: bytes) -> None:
    network, folded = (network_of(12, unpack(packed)) for _ in range(2))
    fold_norms(folded)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    tile = torch.rand(1, 3, 128, 96)
    with torch.inference_mode():
        assert torch.allclose(network(tile), folded(tile), atol=2e-3)


def test_a_bundle_from_before_kind_heads_computes_what_it_did(packed: bytes) -> None:
    before = {name: tensor for name, tensor in unpack(packed).items() if not name.startswith(KIND_HEADS)}
    network = network_of(12, before)
    assert isinstance(network, RockNetwork)
    tile = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        outlines = network.segmentation_head(network.decoder(network.encoder(tile)))
        assert torch.equal(network(tile), outlines)


def test_kind_heads_have_a_say_in_every_pixel(packed: bytes) -> None:
    network = network_of(12, unpack(packed))
    tile = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        before = network(tile)
        for stride in (8, 16, 32):
            network.get_parameter(f"{KIND_HEADS}.{stride}.bias")[4] += 1.5
        after = network(tile)
    assert torch.allclose(after[:, 4], before[:, 4] + 4.5, atol=1e-4)
    assert torch.allclose(after[:, 5], before[:, 5])


def _drop(tensors: State) -> None:
    tensors.pop("segmentation_head.0.bias")


def _drop_one_kind_head(tensors: State) -> None:
    tensors.pop(f"{KIND_HEADS}.16.weight")


def _rename(tensors: State) -> None:
    tensors["segmentation_head.0.offset"] = tensors.pop("segmentation_head.0.bias")


def _add(tensors: State) -> None:
    tensors["extra"] = torch.zeros(1)


def _another_shape(tensors: State) -> None:
    tensors["segmentation_head.0.bias"] = torch.zeros(13)


def _integers(tensors: State) -> None:
    tensors["segmentation_head.0.bias"] = torch.zeros(12, dtype=torch.int64)


def _doubles(tensors: State) -> None:
    tensors["segmentation_head.0.bias"] = torch.zeros(12, dtype=torch.float64)


def _no_number(tensors: State) -> None:
    tensors["segmentation_head.0.bias"][3] = float("nan")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_drop, "lack the tensor 'segmentation_head.0.bias'"),
        (_drop_one_kind_head, "lack the tensor 'kind_heads.16.weight'"),
        (_rename, "lack the tensor"),
        (_add, "'extra' that this version's network has not"),
        (_another_shape, r"has the shape \(13,\); the network's has \(12,\)"),
        (_integers, "int64"),
        (_doubles, "float64"),
        (_no_number, "no numbers"),
    ],
)
def test_tensors_that_are_not_the_networks_are_refused(
    packed: bytes, spoil: Callable[[State], None], sentence: str
) -> None:
    tensors = load(packed)
    spoil(tensors)
    with pytest.raises(BundleError, match=sentence):
        network_of(12, unpack(save(tensors)))


def test_weights_for_another_number_of_classes_are_refused(packed: bytes) -> None:
    with pytest.raises(BundleError, match="has the shape"):
        network_of(11, unpack(packed))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-1],
        lambda body: body[:100],
        lambda _: b"",
        lambda body: b"\xff" * 8 + body[8:],
        lambda body: b"PK\x03\x04" + body[4:],
        lambda body: body[:8] + b"[" + body[9:],
        lambda body: body + b"more",
    ],
)
def test_what_is_no_whole_safetensors_file_is_refused(packed: bytes, spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BundleError, match="no whole safetensors"):
        unpack(spoil(packed))


def test_a_kernel_that_float16_cannot_hold_is_not_written() -> None:
    with pytest.raises(BundleError, match="infinite"):
        pack({"kernel": torch.full((2, 2), 1e6)}, torch.float16)
