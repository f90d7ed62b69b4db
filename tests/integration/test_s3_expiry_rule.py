"""The bucket's lifecycle rule, on a real store: merged into what others have set."""

from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner
from minio import Minio
from minio.commonconfig import Filter
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, Expiration, LifecycleConfig, Rule
from minio.versioningconfig import ENABLED, VersioningConfig
from tests.real.s3_server import S3Server

from rockseg_api.entrypoints.cli import main
from rockseg_core.adapters.s3 import API_PROFILE, RuleAction, S3Store, s3_settings

DAY = 86400.0


@pytest.fixture
async def store(s3_server: S3Server, s3_bucket: str) -> AsyncIterator[S3Store]:
    store = S3Store(s3_settings(s3_server.environ(s3_bucket)), API_PROFILE)
    yield store
    await store.close()


@pytest.fixture
def client(s3_server: S3Server) -> Minio:
    return s3_server.client()


def rules(client: Minio, bucket: str) -> dict[str, Rule]:
    config = client.get_bucket_lifecycle(bucket)
    return {} if config is None else {str(rule.rule_id): rule for rule in config.rules}


async def test_a_bucket_without_rules_gets_ours_and_a_second_run_changes_nothing(
    store: S3Store, client: Minio, s3_bucket: str
) -> None:
    assert "store ensure" in (await store.expiry_warning("lab/") or "")
    outcome = await store.ensure_expiry("lab/", 1.5 * DAY)
    assert (outcome.action, outcome.days, outcome.prefix, outcome.others) == (RuleAction.ADDED, 3, "lab/jobs/", 0)
    (rule,) = rules(client, s3_bucket).values()
    assert rule.status == "Enabled"
    assert rule.rule_filter is not None
    assert rule.rule_filter.prefix == "lab/jobs/"
    assert rule.expiration is not None
    assert rule.expiration.days == 3
    assert (await store.ensure_expiry("lab/", 1.5 * DAY)).action is RuleAction.KEPT
    assert await store.expiry_warning("lab/") is None
    assert "store ensure" in (await store.expiry_warning("other/") or "")


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(store: S3Store, client: Minio, s3_bucket: str) -> None:
    assert (await store.ensure_expiry("", DAY, dry_run=True)).action is RuleAction.ADDED
    assert rules(client, s3_bucket) == {}


async def test_another_lifetime_corrects_our_rule_and_leaves_no_second_one(
    store: S3Store, client: Minio, s3_bucket: str
) -> None:
    await store.ensure_expiry("", DAY)
    outcome = await store.ensure_expiry("", 7 * DAY)
    assert (outcome.action, outcome.days) == (RuleAction.CHANGED, 8)
    assert [rule.expiration.days for rule in rules(client, s3_bucket).values() if rule.expiration] == [8]


async def test_rules_of_others_stay_as_they_are_and_two_prefixes_have_a_rule_each(
    store: S3Store, client: Minio, s3_bucket: str
) -> None:
    theirs = [
        Rule("Enabled", rule_filter=Filter(prefix="logs/"), rule_id="logs", expiration=Expiration(days=365)),
        Rule(
            "Disabled",
            rule_filter=Filter(prefix="jobs/"),
            rule_id="off",
            abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(7),
            expiration=Expiration(days=1),
        ),
    ]
    client.set_bucket_lifecycle(s3_bucket, LifecycleConfig(theirs))
    before = rules(client, s3_bucket)
    assert (await store.ensure_expiry("", DAY)).others == 2
    assert (await store.ensure_expiry("lab/", DAY)).others == 3
    after = rules(client, s3_bucket)
    assert set(after) == {"logs", "off", "rockseg-expiry:jobs/", "rockseg-expiry:lab/jobs/"}
    assert {name: after[name] for name in before} == before


async def test_a_rule_of_somebody_else_that_takes_photos_too_early_is_told(
    store: S3Store, client: Minio, s3_bucket: str
) -> None:
    rule = Rule("Enabled", rule_filter=Filter(prefix=""), rule_id="all", expiration=Expiration(days=2))
    client.set_bucket_lifecycle(s3_bucket, LifecycleConfig([rule]))
    assert (await store.ensure_expiry("", 2 * DAY)).shorter_days is None
    assert (await store.ensure_expiry("", 2.5 * DAY)).shorter_days == 2
    assert await store.expiry_warning("") is None


async def test_in_a_versioned_bucket_old_versions_go_after_a_day(store: S3Store, client: Minio, s3_bucket: str) -> None:
    client.set_bucket_versioning(s3_bucket, VersioningConfig(ENABLED))
    await store.ensure_expiry("", DAY)
    (rule,) = rules(client, s3_bucket).values()
    assert rule.noncurrent_version_expiration is not None
    assert rule.noncurrent_version_expiration.noncurrent_days == 1


def test_the_command_says_in_one_sentence_what_it_did(s3_server: S3Server, s3_bucket: str) -> None:
    environ = s3_server.environ(s3_bucket) | {"ROCKSEG_OBJECT_PREFIX": "lab/", "ROCKSEG_LIFETIME_SECONDS": "3600"}

    def said(*options: str) -> str:
        answer = CliRunner().invoke(main, ["store", "ensure", *options], env=environ)
        assert answer.exit_code == 0, answer.output
        return answer.output

    rule = "the lifecycle rule rockseg-expiry:lab/jobs/, which takes what lies below lab/jobs/ after 2 days"
    assert said("--dry-run") == f"Would add {rule}.\n"
    assert said() == f"Added {rule}.\n"
    assert said() == f"Nothing to do: the bucket has {rule}.\n"


@pytest.mark.parametrize("options", [("--dry-run",), ()])
def test_a_rule_that_takes_photos_too_early_is_an_exit_code_of_1(
    s3_server: S3Server, s3_bucket: str, client: Minio, options: tuple[str, ...]
) -> None:
    rule = Rule("Enabled", rule_filter=Filter(prefix=""), rule_id="all", expiration=Expiration(days=1))
    client.set_bucket_lifecycle(s3_bucket, LifecycleConfig([rule]))
    environ = s3_server.environ(s3_bucket) | {"ROCKSEG_LIFETIME_SECONDS": str(2 * DAY)}
    answer = CliRunner().invoke(main, ["store", "ensure", *options], env=environ)
    assert (answer.exit_code, "jobs will lose their photos" in answer.output) == (1, True)


@pytest.mark.parametrize(
    ("changes", "named", "code"),
    [
        ({"ROCKSEG_S3_BUCKET": "rockseg-test-was-never-made"}, "ROCKSEG_S3_BUCKET", 2),
        ({"ROCKSEG_S3_SECRET_KEY": "another"}, "ROCKSEG_S3_SECRET_KEY", 2),
        ({"ROCKSEG_S3_ACCESS_KEY": "another"}, "ROCKSEG_S3_ACCESS_KEY", 2),
        ({"ROCKSEG_S3_ENDPOINT": ""}, "ROCKSEG_S3_ENDPOINT", 2),
        ({"ROCKSEG_OBJECT_PREFIX": "a//b"}, "ROCKSEG_OBJECT_PREFIX", 2),
        ({"ROCKSEG_LIFETIME_SECONDS": "long"}, "ROCKSEG_LIFETIME_SECONDS", 2),
        ({"ROCKSEG_S3_ENDPOINT": "http://127.0.0.1:1"}, "The object store did not answer", 1),
    ],
)
def test_the_command_ends_with_a_sentence_where_it_cannot_do_it(
    s3_server: S3Server, s3_bucket: str, changes: dict[str, str], named: str, code: int
) -> None:
    answer = CliRunner().invoke(main, ["store", "ensure"], env=s3_server.environ(s3_bucket) | changes)
    assert answer.exit_code == code
    assert named in answer.output
    assert answer.output.count("\n") == 1
