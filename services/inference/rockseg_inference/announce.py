from rockseg_core.codec.bundle import encode_ref
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.segmenter import Segmenter
from rockseg_core.ports.store import ObjectStore
from rockseg_inference.patience import Patience


async def announce_model(store: ObjectStore, keys: ObjectKeys, segmenter: Segmenter, patience: Patience) -> None:
    """Put the manifest into the store, then name it as the current one: the API, which has no bundle, reads it there.

    Waits for a store that is away. Raises HurriedError when the worker drains meanwhile.
    """
    ref, body = segmenter.ref, segmenter.manifest_body
    key = keys.manifest(ref.name, ref.version)
    await patience("announce", lambda: store.put(key, body, "application/json"))
    await patience("announce", lambda: store.put(keys.current_model(), encode_ref(ref), "application/json"))
