"""A model as a folder: `manifest.json`, `model.safetensors`, `MODEL_CARD.md`. Read without torch, and not trusted."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from rockseg_core.codec.bundle import decode_manifest, model_ref
from rockseg_core.domain.errors import BundleError
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Manifest
from rockseg_model.manifest_rules import check_manifest

MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "model.safetensors"
CARD: Final = "MODEL_CARD.md"

# What a bundle may name. Never a format that runs code when it is read (pickle: .pt, .pth, .bin, .npy, .joblib …).
SUFFIXES: Final = frozenset({".safetensors", ".md", ".txt", ".json", ".csv", ".png", ".jpg"})

MOST_MANIFEST_BYTES: Final = 1 << 20
MOST_FILE_BYTES: Final = 1 << 29  # 512 MiB: some 40 × the reference model, and no machine's memory


@dataclass(frozen=True)
class Bundle:
    """The very bytes that were checked against the manifest: nothing is read from the folder again."""

    manifest: Manifest
    manifest_body: bytes
    ref: ModelRef
    weights: bytes
    card: str


def load_bundle(folder: Path) -> Bundle:
    """Read each file once and check it against the manifest's sha256 before any use.

    Files that the manifest does not name are not read. Raises BundleError, with a sentence that says what is wrong: an
    unreadable or unknown manifest, a file that is missing, altered, of a type that could run code, or named by a path
    that leaves the folder (absolute, `..`, a symlink).
    """
    if not folder.is_dir():
        raise BundleError(f"{folder} is no folder, so no bundle: one holds {MANIFEST}, {WEIGHTS} and {CARD}")
    body = _read(folder, MANIFEST, MOST_MANIFEST_BYTES)
    manifest = decode_manifest(body)
    check_manifest(manifest)
    for name in manifest.files:
        _check_name(name)
    for name in (WEIGHTS, CARD):
        if name not in manifest.files:
            raise BundleError(f"the bundle's manifest names no {name}")
    contents = {name: _read(folder, name, MOST_FILE_BYTES) for name in manifest.files}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != manifest.files[name]:
            raise BundleError(f"{name} is not the file that the bundle's manifest describes: its sha256 differs")
    try:
        card = contents[CARD].decode()
    except UnicodeDecodeError as error:
        raise BundleError(f"{CARD} is no UTF-8 text") from error
    return Bundle(manifest, body, model_ref(body, manifest), contents[WEIGHTS], card)


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    plain = all(part not in {"", ".", ".."} for part in name.split("/")) and name.isprintable() and "\\" not in name
    if not plain or path.is_absolute() or ":" in name:
        raise BundleError("the bundle's manifest names a file by a path that leaves, or may leave, its folder")
    if name == MANIFEST:
        raise BundleError("the bundle's manifest names itself: no file can hold its own sha256")
    if path.suffix not in SUFFIXES:
        raise BundleError(f"the bundle's manifest names {name}: only {', '.join(sorted(SUFFIXES))} files are read")


def _read(folder: Path, name: str, most_bytes: int) -> bytes:
    """The content of a regular file inside `folder`, links followed only within it."""
    try:
        inside = folder.resolve(strict=True)
        path = (folder / name).resolve(strict=True)
        if not path.is_relative_to(inside):
            raise BundleError(f"{name} in the bundle is a link that leaves its folder")
        # No link may have been put there since; a FIFO must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no Path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BundleError(f"{name} in the bundle is no regular file")
            content = file.read(most_bytes + 1)
    except FileNotFoundError as error:
        raise BundleError(f"the bundle has no {name}") from error
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of links
        raise BundleError(f"{name} in the bundle cannot be read") from error
    if len(content) > most_bytes:
        raise BundleError(f"{name} in the bundle is larger than {most_bytes} bytes")
    return content
