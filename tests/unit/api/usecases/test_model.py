import pytest
from tests.unit.api.usecases.rig import KEYS

from rockseg_api.errors import ModelUnknownError
from rockseg_api.usecases.model import CurrentModel
from rockseg_core.codec.bundle import encode_manifest, encode_ref, model_ref
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.domain.job import ModelRef
from rockseg_core.domain.manifest import Manifest, Normalisation, RockClass, SelfTest
from rockseg_core.testing.clock import FakeClock
from rockseg_core.testing.memory_store import MemoryStore


def manifest(version: str) -> Manifest:
    return Manifest(
        name="cores",
        version=version,
        classes=(RockClass("background", (0, 0, 0), "", ""), RockClass("sandstone", (174, 199, 232), "clastic", "S")),
        core_width_px=160,
        tile_shapes=((512, 512),),
        normalisation=Normalisation((0.5, 0.5, 0.5), (0.2, 0.2, 0.2)),
        temperature=1.0,
        thresholds={},
        self_test=SelfTest(1, (0.5, 0.5), 0.1),
        files={},
    )


async def announce(store: MemoryStore, version: str) -> ModelRef:
    """What a worker does."""
    body = encode_manifest(manifest(version))
    ref = model_ref(body, manifest(version))
    await store.put(KEYS.manifest("cores", version), body, "application/json")
    await store.put(KEYS.current_model(), encode_ref(ref), "application/json")
    return ref


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def model(store: MemoryStore, clock: FakeClock) -> CurrentModel:
    return CurrentModel(store=store, keys=KEYS, clock=clock, cache_seconds=10)


async def test_before_any_worker_has_named_its_model_there_is_none(model: CurrentModel, store: MemoryStore) -> None:
    with pytest.raises(ModelUnknownError):
        await model.manifest()
    ref = await announce(store, "1")  # and the absence is not remembered

    assert await model.ref() == ref


async def test_the_model_is_the_one_that_the_workers_named(model: CurrentModel, store: MemoryStore) -> None:
    ref = await announce(store, "1")

    assert await model.ref() == ref
    assert await model.manifest() == manifest("1")


async def test_a_new_model_shows_within_ten_seconds(model: CurrentModel, store: MemoryStore, clock: FakeClock) -> None:
    await announce(store, "1")
    await model.ref()
    await announce(store, "2")
    clock.advance(9.9)
    assert (await model.ref()).version == "1"
    clock.advance(0.1)

    assert (await model.ref()).version == "2"
    assert (await model.manifest()).version == "2"


async def test_the_last_answer_outlives_an_outage(model: CurrentModel, store: MemoryStore, clock: FakeClock) -> None:
    ref = await announce(store, "1")
    await model.ref()
    store.unavailable = True
    clock.advance(3600)

    assert await model.ref() == ref


async def test_without_an_earlier_answer_an_absent_store_is_one(model: CurrentModel, store: MemoryStore) -> None:
    store.unavailable = True
    with pytest.raises(StoreUnavailableError):
        await model.ref()


@pytest.mark.parametrize("spoilt", ["manifest", "current"])
@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff"])
async def test_what_cannot_be_read_is_no_model(
    model: CurrentModel, store: MemoryStore, spoilt: str, body: bytes
) -> None:
    await announce(store, "1")
    key = KEYS.current_model() if spoilt == "current" else KEYS.manifest("cores", "1")
    await store.put(key, body, "application/json")
    with pytest.raises(ModelUnknownError):
        await model.manifest()


async def test_a_manifest_that_is_not_the_one_named_is_no_model(model: CurrentModel, store: MemoryStore) -> None:
    await announce(store, "1")
    await store.put(KEYS.manifest("cores", "1"), encode_manifest(manifest("2")), "application/json")
    with pytest.raises(ModelUnknownError):
        await model.manifest()
