"""A bundle out of the object store into a folder, where no image and no volume brings one."""

from pathlib import Path
from typing import Final

from rockseg_core.codec.bundle import decode_manifest
from rockseg_core.domain.errors import BundleError, ObjectMissingError
from rockseg_core.domain.object_key import key_parts
from rockseg_core.ports.store import ObjectStore
from rockseg_model.bundle import MANIFEST, load_bundle

_NO_KEY: Final = (
    "no part of a path in the store may be empty, `.` or `..`, or hold other than A-Z, a-z, 0-9, ., _ and -"
)


async def fetch_bundle(store: ObjectStore, prefix: str, folder: Path) -> None:
    """Fetch what lies below `prefix`, which ends in a slash: the manifest, and the files that it names.

    `folder` exists, and may hold what an interrupted fetch left. Raises BundleError for what is missing, altered or no
    bundle; StoreUnavailableError.
    """
    body = await _get(store, prefix, MANIFEST)
    for name in decode_manifest(body).files:
        place = folder / name
        content = await _get(store, prefix, name)  # first, for it refuses a name that leaves the folder
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (folder / MANIFEST).write_bytes(body)
    load_bundle(folder)


async def _get(store: ObjectStore, prefix: str, name: str) -> bytes:
    try:
        key = "/".join(key_parts(prefix + name))
        return await store.get(key)
    except ValueError:
        raise BundleError(_NO_KEY) from None
    except ObjectMissingError:
        raise BundleError(f"the bucket has no {prefix}{name}: no bundle lies there, or a part of one") from None
