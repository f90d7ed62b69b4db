"""Manifests and reports: JSON in a bundle and in the object store."""

import hashlib
from typing import Final

import msgspec

from rockseg_core.domain.errors import BundleError
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import MANIFEST_SCHEMA, Manifest
from rockseg_core.domain.report import Report

MAX_CLASSES: Final = 256  # a mask is uint8

_manifest = msgspec.json.Decoder(Manifest)
_report = msgspec.json.Decoder(Report)
_ref = msgspec.json.Decoder(ModelRef)


def decode_manifest(body: bytes) -> Manifest:
    """Raises BundleError with a sentence that names what is wrong."""
    try:
        manifest = _manifest.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"the bundle's manifest.json cannot be read: {error}") from error
    if manifest.schema != MANIFEST_SCHEMA:
        raise BundleError(f"the bundle's schema {manifest.schema} is unknown; this version reads {MANIFEST_SCHEMA}")
    if not 2 <= len(manifest.classes) <= MAX_CLASSES:
        raise BundleError("a bundle has a background and 1 to 255 further classes")
    if len({rock.name for rock in manifest.classes}) != len(manifest.classes):
        raise BundleError("two classes of the bundle have the same name")
    if not manifest.tile_shapes or any(side < 32 or side % 32 for shape in manifest.tile_shapes for side in shape):
        raise BundleError("a bundle has tile shapes whose sides are multiples of 32")
    return manifest


def encode_manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def model_ref(manifest_body: bytes, manifest: Manifest) -> ModelRef:
    return ModelRef(manifest.name, manifest.version, hashlib.sha256(manifest_body).hexdigest())


def encode_report(report: Report) -> bytes:
    return msgspec.json.encode(report)


def decode_report(body: bytes) -> Report:
    return _report.decode(body)


def encode_ref(ref: ModelRef) -> bytes:
    return msgspec.json.encode(ref)


def decode_ref(body: bytes) -> ModelRef:
    return _ref.decode(body)
