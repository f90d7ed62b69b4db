from pathlib import Path

import pytest

from rockseg_core.adapters.s3 import API_PROFILE, S3Store, s3_settings
from rockseg_core.adapters.s3.credentials import FileProvider, key_provider
from rockseg_core.domain.errors import SettingsError

GOOD = {
    "ROCKSEG_S3_ENDPOINT": "https://store.example:9000",
    "ROCKSEG_S3_BUCKET": "cores",
    "ROCKSEG_S3_ACCESS_KEY": "an-access-key",
    "ROCKSEG_S3_SECRET_KEY": "a-secret-key",
}


def test_what_is_set_is_read_and_the_rest_has_defaults() -> None:
    settings = s3_settings(GOOD)
    assert (settings.address, settings.secure, settings.bucket) == ("store.example:9000", True, "cores")
    assert (settings.region, settings.connections, settings.iam) == ("us-east-1", 16, False)


def test_nothing_secret_is_printed() -> None:
    shown = repr(s3_settings(GOOD | {"ROCKSEG_S3_SESSION_TOKEN": "a-token"}))
    for secret in ("an-access-key", "a-secret-key", "a-token"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ENDPOINT": ""}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "store.example:9000"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "ftp://store.example"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "https://store.example/bucket"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "https://key:secret@store.example"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "https://store.example:99999"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "https://"}, "ROCKSEG_S3_ENDPOINT"),
        ({"ENDPOINT": "https://a store"}, "ROCKSEG_S3_ENDPOINT"),
        ({"BUCKET": ""}, "ROCKSEG_S3_BUCKET"),
        ({"BUCKET": "Cores"}, "ROCKSEG_S3_BUCKET"),
        ({"BUCKET": "10.0.0.1"}, "ROCKSEG_S3_BUCKET"),
        ({"BUCKET": "a..b"}, "ROCKSEG_S3_BUCKET"),
        ({"REGION": "eu west"}, "ROCKSEG_S3_REGION"),
        ({"ACCESS_KEY": ""}, "ROCKSEG_S3_ACCESS_KEY"),
        ({"SECRET_KEY": ""}, "ROCKSEG_S3_SECRET_KEY"),
        ({"ACCESS_KEY": "", "SECRET_KEY": ""}, "none is set"),
        ({"IAM": "true"}, "more than one is set"),
        ({"CREDENTIALS_FILE": "/etc/keys"}, "more than one is set"),
        ({"ACCESS_KEY": "two\nlines"}, "ROCKSEG_S3_ACCESS_KEY"),
        ({"SECRET_KEY": "schl\u00fcssel"}, "ROCKSEG_S3_SECRET_KEY"),
        ({"SESSION_TOKEN": "a token"}, "ROCKSEG_S3_SESSION_TOKEN"),
        ({"CREDENTIALS_PROFILE": "default"}, "ROCKSEG_S3_CREDENTIALS_PROFILE is set"),
        ({"CONNECTIONS": "0"}, "ROCKSEG_S3_CONNECTIONS"),
        ({"ENDPOINT": "http://store.example", "CA_FILE": "/etc/ca.crt"}, "ROCKSEG_S3_CA_FILE"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_variable_and_not_its_value(
    changes: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        s3_settings(GOOD | {f"ROCKSEG_S3_{name}": value for name, value in changes.items()})
    assert named in caught.value.sentence
    assert "secret@" not in caught.value.sentence
    assert "^" not in caught.value.sentence, "a pattern is for machines"
    assert "a-secret-key" not in caught.value.sentence


@pytest.mark.parametrize(
    ("endpoint", "address", "secure"),
    [
        ("HTTPS://Store.example", "Store.example", True),
        ("http://10.0.0.7:9000/", "10.0.0.7:9000", False),
        ("http://[fd00::7]:9000", "[fd00::7]:9000", False),
        ("http://minio_1:9000", "minio_1:9000", False),
        ("https://s3.eu-central-1.amazonaws.com", "s3.eu-central-1.amazonaws.com", True),
    ],
)
async def test_an_endpoint_may_be_any_host(endpoint: str, address: str, secure: bool) -> None:
    settings = s3_settings(GOOD | {"ROCKSEG_S3_ENDPOINT": endpoint})
    assert (settings.address, settings.secure) == (address, secure)
    await S3Store(settings, API_PROFILE).close()


async def test_a_host_that_holds_the_bucket_is_no_endpoint() -> None:
    with pytest.raises(SettingsError, match="ROCKSEG_S3_ENDPOINT"):
        S3Store(s3_settings(GOOD | {"ROCKSEG_S3_ENDPOINT": "https://cores.s3.amazonaws.com"}), API_PROFILE)


async def test_an_authority_that_is_no_certificate_is_found_before_the_first_call(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    for path in (tmp_path / "ca.crt", tmp_path / "missing.crt"):
        with pytest.raises(SettingsError, match="ROCKSEG_S3_CA_FILE"):
            S3Store(s3_settings(GOOD | {"ROCKSEG_S3_CA_FILE": str(path)}), API_PROFILE)


def without_keys(**variables: str) -> dict[str, str]:
    return {name: value for name, value in GOOD.items() if "KEY" not in name} | variables


def test_a_file_with_keys_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[default]\naws_access_key_id = one\naws_secret_access_key = s%1\n")
    settings = s3_settings(without_keys(ROCKSEG_S3_CREDENTIALS_FILE=str(path)))
    provider = key_provider(settings, API_PROFILE)
    assert isinstance(provider, FileProvider)
    assert (provider.retrieve().access_key, provider.retrieve().secret_key) == ("one", "s%1")
    rotated = tmp_path / "rotated"
    rotated.write_text("[default]\naws_access_key_id = two\naws_secret_access_key = s2\naws_session_token = t\n")
    rotated.rename(path)
    assert (provider.retrieve().access_key, provider.retrieve().session_token) == ("two", "t")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "a",
        "[other]\naws_access_key_id = a\n",
        "[default]\naws_access_key_id = a\n",
        "[default]\naws_access_key_id = a\naws_secret_access_key = \u00fc\n",
        "[default]\naws_access_key_id = a\n b\naws_secret_access_key = c\n",
    ],
)
def test_a_file_without_keys_ends_the_start(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "credentials"
    if text is not None:
        path.write_text(text)
    settings = s3_settings(without_keys(ROCKSEG_S3_CREDENTIALS_FILE=str(path)))
    with pytest.raises(SettingsError, match="ROCKSEG_S3_CREDENTIALS_FILE"):
        key_provider(settings, API_PROFILE)
