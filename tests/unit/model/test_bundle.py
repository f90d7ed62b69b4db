import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rockseg_core.domain.errors import BundleError
from rockseg_model.bundle import CARD, MANIFEST, WEIGHTS, load_bundle

Rewrite = Callable[[Callable[[dict], None]], Path]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_bundle_is_its_manifest_its_checked_weights_and_its_card(random_bundle: Path) -> None:
    bundle = load_bundle(random_bundle)
    assert (bundle.manifest.name, bundle.manifest.version) == ("random", "0.1")
    assert bundle.ref.digest == _sha256((random_bundle / MANIFEST).read_bytes())
    assert bundle.weights == (random_bundle / WEIGHTS).read_bytes()
    assert bundle.card == "# Random weights\n"
    assert len(bundle.weights) < 12 << 20


def test_reading_a_bundle_loads_no_torch(random_bundle: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rockseg_model.bundle import load_bundle;"
        f"load_bundle(Path({str(random_bundle)!r})); print('torch' in sys.modules or 'safetensors' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
@pytest.mark.parametrize("place", [0, -1])
def test_a_flipped_bit_anywhere_is_found(bundle_copy: Path, name: str, place: int) -> None:
    content = bytearray((bundle_copy / name).read_bytes())
    content[place] ^= 1
    (bundle_copy / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} is not the file"):
        load_bundle(bundle_copy)


@pytest.mark.parametrize("name", [WEIGHTS, CARD])
def test_a_truncated_or_emptied_file_is_found(bundle_copy: Path, name: str) -> None:
    content = (bundle_copy / name).read_bytes()
    for shorter in (content[:-1], b""):
        (bundle_copy / name).write_bytes(shorter)
        with pytest.raises(BundleError, match="sha256 differs"):
            load_bundle(bundle_copy)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS, CARD])
def test_a_missing_file_is_named(bundle_copy: Path, name: str) -> None:
    (bundle_copy / name).unlink()
    with pytest.raises(BundleError, match=f"the bundle has no {name}"):
        load_bundle(bundle_copy)


def test_a_folder_that_is_not_there_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="none is no folder"):
        load_bundle(tmp_path / "none")


PATHS = [
    "../secret.txt",
    "a/../../secret.txt",
    "/etc/hostname.txt",
    "./model.txt",
    "a//b.txt",
    "a\\..\\secret.txt",
    "C:secret.txt",
    "model.txt\0.md",
    "line\nbreak.txt",
    "",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_may_leave_the_folder_is_refused_before_anything_is_read(
    rewrite_manifest: Rewrite, path: str
) -> None:
    folder = rewrite_manifest(lambda manifest: manifest["files"].update({path: _sha256(b"secret")}))
    (folder.parent / "secret.txt").write_bytes(b"secret")
    with pytest.raises(BundleError, match="leaves"):
        load_bundle(folder)


def test_a_link_that_leaves_the_folder_is_refused_even_to_the_right_bytes(bundle_copy: Path) -> None:
    (bundle_copy / WEIGHTS).rename(bundle_copy.parent / "elsewhere")
    (bundle_copy / WEIGHTS).symlink_to(bundle_copy.parent / "elsewhere")
    with pytest.raises(BundleError, match="a link that leaves"):
        load_bundle(bundle_copy)


def test_a_folder_linked_to_elsewhere_is_refused(rewrite_manifest: Rewrite) -> None:
    folder = rewrite_manifest(lambda manifest: manifest["files"].update({"more/notes.txt": _sha256(b"x")}))
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "notes.txt").write_bytes(b"x")
    (folder / "more").symlink_to(outside)
    with pytest.raises(BundleError, match="a link that leaves"):
        load_bundle(folder)


def test_links_within_the_folder_are_followed_as_a_mounted_volume_needs(bundle_copy: Path, tmp_path: Path) -> None:
    (bundle_copy / "..data").mkdir()
    for name in (MANIFEST, WEIGHTS, CARD):
        (bundle_copy / name).rename(bundle_copy / "..data" / name)
        (bundle_copy / name).symlink_to(Path("..data") / name)
    (tmp_path / "link").symlink_to(bundle_copy)
    assert load_bundle(tmp_path / "link").manifest.name == "random"


def test_a_loop_of_links_and_a_fifo_neither_hang_nor_crash(bundle_copy: Path) -> None:
    (bundle_copy / WEIGHTS).unlink()
    (bundle_copy / WEIGHTS).symlink_to(WEIGHTS)
    with pytest.raises(BundleError, match="cannot be read"):
        load_bundle(bundle_copy)
    (bundle_copy / WEIGHTS).unlink()
    os.mkfifo(bundle_copy / WEIGHTS)
    with pytest.raises(BundleError, match="no regular file"):
        load_bundle(bundle_copy)


class _Pickled:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pickle-was-run",)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pkl", "weights.bin", "weights.npy", "noname"])
def test_a_pickle_is_never_opened(
    rewrite_manifest: Rewrite, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = pickle.dumps(_Pickled())
    folder = rewrite_manifest(lambda manifest: manifest["files"].update({name: _sha256(body)}))
    (folder / name).write_bytes(body)
    with pytest.raises(BundleError, match="files are read"):
        load_bundle(folder)
    assert not Path("pickle-was-run").exists()


def test_files_that_the_manifest_does_not_name_are_not_looked_at(bundle_copy: Path) -> None:
    (bundle_copy / "model.pt").write_bytes(pickle.dumps(_Pickled()))
    (bundle_copy / "gone.md").symlink_to("nowhere")
    assert load_bundle(bundle_copy).manifest.name == "random"


MANIFESTS = [
    (lambda m: m.update(schema=2), "schema 2 is unknown"),
    (lambda m: m.update(name="../x"), "name is not made of"),
    (lambda m: m.update(version="1/2"), "version is not made of"),
    (lambda m: m.update(version="1..2"), "version is not made of"),
    (lambda m: m["files"].pop(WEIGHTS), f"names no {WEIGHTS}"),
    (lambda m: m["files"].pop(CARD), f"names no {CARD}"),
    (lambda m: m["files"].update({WEIGHTS: "A" * 64}), "64 lower-case"),
    (lambda m: m["files"].update({WEIGHTS: "a" * 63}), "64 lower-case"),
    (lambda m: m["files"].update({MANIFEST: "a" * 64}), "names itself"),
    (lambda m: m["classes"].pop(), "one share for each class"),
    (lambda m: m.update(classes=m["classes"][:1]), "1 to 255 further"),
    (lambda m: m["classes"][1].update(name=m["classes"][2]["name"]), "same name"),
    (lambda m: m["classes"][1].update(name="Sandstone"), "lower-case"),
    (lambda m: m["classes"][1].update(rgb=[0, 0, 256]), "colour"),
    (lambda m: m.update(core_width_px=0), "core_width_px"),
    (lambda m: m.update(tile_shapes=[]), "tile shapes"),
    (lambda m: m.update(tile_shapes=[[100, 64]]), "multiples of 32"),
    (lambda m: m.update(tile_shapes=[[32000, 32000]]), "megapixels"),
    (lambda m: m["normalisation"].update(std=[0.2, 0, 0.2]), "std"),
    (lambda m: m.update(temperature=0), "temperature"),
    (lambda m: m.update(thresholds={}), "confident"),
    (lambda m: m["self_test"].update(tolerance=0), "tolerance"),
    (lambda m: m.update(calibration={"method": "m", "source": "s", "ece": 1.1}), "calibration error"),
    (lambda m: m.update(calibration={"method": "m", "source": "s" * 501}), "where it comes from"),
    (lambda m: m.update(threshold_sources={"confident": "line\nbreak"}), "where it comes from"),
    (lambda m: m.pop("self_test"), "cannot be read"),
    (lambda m: m.update(core_width_px="160"), "cannot be read"),
]


@pytest.mark.parametrize(("edit", "sentence"), MANIFESTS, ids=[sentence for _, sentence in MANIFESTS])
def test_a_manifest_that_cannot_be_right_is_refused_with_a_sentence(
    rewrite_manifest: Rewrite, edit: Callable[[dict], None], sentence: str
) -> None:
    with pytest.raises(BundleError, match=sentence):
        load_bundle(rewrite_manifest(edit))


def test_a_bundle_of_before_says_nothing_of_its_calibration_and_is_read(rewrite_manifest: Rewrite) -> None:
    def as_before(manifest: dict) -> None:
        del manifest["calibration"], manifest["threshold_sources"]

    manifest = load_bundle(rewrite_manifest(as_before)).manifest
    assert (manifest.calibration, manifest.threshold_sources) == (None, {})


def test_fields_of_a_later_version_are_ignored(rewrite_manifest: Rewrite) -> None:
    folder = rewrite_manifest(lambda manifest: manifest.update(colour_of_the_sky="blue"))
    assert load_bundle(folder).manifest.name == "random"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_manifest_that_is_no_json_is_refused(bundle_copy: Path, body: bytes) -> None:
    (bundle_copy / MANIFEST).write_bytes(body)
    with pytest.raises(BundleError):
        load_bundle(bundle_copy)


def test_a_manifest_that_would_fill_the_memory_is_refused(bundle_copy: Path) -> None:
    (bundle_copy / MANIFEST).write_bytes(json.dumps({"a": "x" * (1 << 20)}).encode())
    with pytest.raises(BundleError, match="larger than"):
        load_bundle(bundle_copy)


def test_a_card_is_replaced_and_the_weights_stay(bundle_copy: Path) -> None:
    from rockseg_model.bundle_writer import replace_card

    before = load_bundle(bundle_copy)
    after = replace_card(bundle_copy, "# Truer\n")
    assert after.card == "# Truer\n"
    assert after.weights == before.weights
    assert after.manifest.self_test == before.manifest.self_test
    assert after.ref.digest != before.ref.digest
    (bundle_copy / "model.safetensors").write_bytes(b"other")
    with pytest.raises(BundleError):
        replace_card(bundle_copy, "# Of other weights\n")
