"""TLS by a CA of one's own, and keys that may do only what docs/s3-policy.md says: the services' calls, no more."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.real.certificates import Authority
from tests.real.s3_keys import Role, limited_key
from tests.real.s3_server import MinioProcess, S3Server

from rockseg_core.adapters.s3 import API_PROFILE, RuleAction, S3Store, s3_settings
from rockseg_core.domain.errors import ObjectMissingError, SettingsError, StoreUnavailableError

PNG = "image/png"
PREFIX = "lab/"


@pytest.fixture
def bucket(minio_tls: MinioProcess) -> Iterator[str]:
    with minio_tls.server.bucket() as name:
        yield name


@asynccontextmanager
async def store_of(
    server: S3Server, bucket: str, faults: list[str] | None = None, **variables: str
) -> AsyncIterator[S3Store]:
    on_fault = (faults if faults is not None else []).append
    store = S3Store(s3_settings(server.environ(bucket) | variables), API_PROFILE, on_fault=on_fault)
    try:
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("role", ["api", "inference"])
async def test_a_service_can_do_all_it_does_under_its_policy_over_tls(
    minio_tls: MinioProcess, bucket: str, role: Role
) -> None:
    async with store_of(limited_key(minio_tls.server, role, bucket, PREFIX), bucket) as store:
        await store.check(PREFIX)
        photo = f"{PREFIX}jobs/acme/1/photo-ab.jpg"
        assert not await store.exists(photo)
        with pytest.raises(ObjectMissingError):
            await store.get(photo)
        await store.put(photo, b"x" * 100_000, "image/jpeg")
        assert await store.exists(photo)
        assert await store.get(photo) == b"x" * 100_000
        assert [key async for key in store.keys(f"{PREFIX}jobs/acme/")] == [photo]
        await store.delete(photo)
        await store.delete(photo)
        with pytest.raises(ObjectMissingError):
            await store.get(f"{PREFIX}models/current.json")


async def test_a_worker_names_its_model_and_the_api_only_reads_it(minio_tls: MinioProcess, bucket: str) -> None:
    current = f"{PREFIX}models/current.json"
    async with store_of(limited_key(minio_tls.server, "inference", bucket, PREFIX), bucket) as worker:
        await worker.put(current, b"{}", "application/json")
    faults: list[str] = []
    async with store_of(limited_key(minio_tls.server, "api", bucket, PREFIX), bucket, faults) as api:
        assert await api.get(current) == b"{}"
        for call in (api.put(current, b"[]", PNG), api.delete(current)):
            with pytest.raises(StoreUnavailableError):
                await call
    assert faults == ["AccessDenied"] * 2


async def test_a_retry_copies_a_photo_under_its_own_key_and_deletes_nothing(
    minio_tls: MinioProcess, bucket: str
) -> None:
    photo, copy = f"{PREFIX}jobs/acme/1/photo-ab.jpg", f"{PREFIX}jobs/acme/2/photo-ab.jpg"
    async with store_of(minio_tls.server, bucket) as root:
        await root.put(photo, b"x", "image/jpeg")
    async with store_of(limited_key(minio_tls.server, "retry", bucket, PREFIX), bucket) as store:
        await store.check(PREFIX)
        await store.put(copy, await store.get(photo), "image/jpeg")
        with pytest.raises(ObjectMissingError):
            await store.get(f"{PREFIX}jobs/acme/3/photo-ab.jpg")
        with pytest.raises(StoreUnavailableError):
            await store.delete(photo)


@pytest.mark.parametrize("role", ["api", "inference", "ensure", "retry"])
async def test_no_key_reaches_beyond_its_prefix(minio_tls: MinioProcess, bucket: str, role: Role) -> None:
    async with store_of(minio_tls.server, bucket) as root:
        await root.put("elsewhere/jobs/a", b"x", PNG)
    async with store_of(limited_key(minio_tls.server, role, bucket, PREFIX), bucket) as store:
        for call in (
            store.get("elsewhere/jobs/a"),
            store.put("elsewhere/jobs/a", b"y", PNG),
            store.delete("elsewhere/jobs/a"),
            store.exists("elsewhere/jobs/a"),
        ):
            with pytest.raises(StoreUnavailableError):
                await call


async def test_the_rule_is_ensured_by_its_own_key_and_the_services_only_say_that_they_cannot_see_it(
    minio_tls: MinioProcess, bucket: str
) -> None:
    async with store_of(limited_key(minio_tls.server, "ensure", bucket, PREFIX), bucket) as admin:
        await admin.check(PREFIX)
        assert (await admin.ensure_expiry(PREFIX, 86400.0)).action is RuleAction.ADDED
        assert (await admin.ensure_expiry(PREFIX, 86400.0)).action is RuleAction.KEPT
    async with store_of(limited_key(minio_tls.server, "api", bucket, PREFIX), bucket) as api:
        assert "cannot be read" in (await api.expiry_warning(PREFIX) or "")
        with pytest.raises(StoreUnavailableError):
            await api.ensure_expiry(PREFIX, 172800.0)


async def test_wrong_settings_are_a_sentence_that_names_the_variable(
    minio_tls: MinioProcess, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    server, stranger = minio_tls.server, Authority(tmp_path, "somebody else").ca_file
    keyless = limited_key(server, "api", "another-bucket", PREFIX)
    plain = {"ROCKSEG_S3_CA_FILE": ""}
    cases = [
        ({"ROCKSEG_S3_ACCESS_KEY": "nobody"}, "ROCKSEG_S3_ACCESS_KEY"),
        ({"ROCKSEG_S3_SECRET_KEY": "nothing"}, "ROCKSEG_S3_SECRET_KEY"),
        ({"ROCKSEG_S3_SESSION_TOKEN": "of-another"}, "ROCKSEG_S3_ACCESS_KEY"),
        ({"ROCKSEG_S3_BUCKET": "was-never-made"}, "ROCKSEG_S3_BUCKET"),
        ({"ROCKSEG_S3_REGION": "mars-1"}, "ROCKSEG_S3_REGION"),
        ({"ROCKSEG_S3_CA_FILE": str(stranger)}, "ROCKSEG_S3_CA_FILE"),
        (plain, "ROCKSEG_S3_CA_FILE"),  # the system's authorities do not know ours
        ({"ROCKSEG_S3_ENDPOINT": f"https://{s3_server.address}"}, "ROCKSEG_S3_ENDPOINT"),
        (plain | {"ROCKSEG_S3_ENDPOINT": f"http://{server.address}"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ROCKSEG_S3_ACCESS_KEY": keyless.access_key, "ROCKSEG_S3_SECRET_KEY": keyless.secret_key}, "docs/s3-policy"),
    ]
    for changes, named in cases:
        async with store_of(server, bucket, **changes) as store:
            with pytest.raises(SettingsError) as caught:
                await store.check(PREFIX)
        assert named in caught.value.sentence, changes
        assert "127.0.0.1" not in caught.value.sentence
        assert server.secret_key not in caught.value.sentence


async def test_a_store_that_is_away_at_the_start_is_worth_waiting_for(s3_server: S3Server, s3_bucket: str) -> None:
    async with store_of(s3_server, s3_bucket, ROCKSEG_S3_ENDPOINT="http://127.0.0.1:1") as store:
        with pytest.raises(StoreUnavailableError):
            await store.check(PREFIX)
