from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import pytest

from rockseg_api.settings import ApiSettings, from_environment, settings_table
from rockseg_core.codec.settings import read_settings
from rockseg_core.codec.settings import settings_table as table_of
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.job import Tenant
from rockseg_core.domain.keys import ObjectKeys, overlay_key
from rockseg_core.domain.object_key import key_parts


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(description="Must be given.")]
    count: Annotated[int, msgspec.Meta(ge=1, description="How many.")] = 3
    share: Annotated[float, msgspec.Meta(description="A share.")] = 0.5
    on: Annotated[bool, msgspec.Meta(description="Whether.")] = True
    folder: Annotated[Path | None, msgspec.Meta(description="Where.")] = None


def test_nothing_set_gives_the_limits_of_the_contract() -> None:
    settings = from_environment({})
    assert settings == ApiSettings()
    assert (settings.photo_max_bytes, settings.photo_max_pixels) == (64 * 2**20, 64_000_000)
    assert (settings.submit_rate, settings.submit_burst) == (20, 40)
    assert (settings.render_workers, settings.render_megapixels, settings.metrics_port) == (2, 128, 9090)
    assert settings.lifetime_seconds == 24 * 3600


def test_variables_are_read_by_their_types() -> None:
    environ = {"X_NAME": " a ", "X_COUNT": "7", "X_SHARE": "1e-3", "X_ON": "false", "X_FOLDER": "/keys", "HOME": "/"}
    assert read_settings(Sample, environ, "X_") == Sample(
        name="a", count=7, share=0.001, on=False, folder=Path("/keys")
    )


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert read_settings(Sample, {"X_NAME": "a", "X_COUNT": "", "X_FOLDER": " "}, "X_") == Sample(name="a")


@pytest.mark.parametrize(
    ("variable", "text"),
    [("COUNT", "0"), ("COUNT", "1.5"), ("COUNT", "hush"), ("ON", "maybe"), ("SHARE", "nan"), ("SHARE", "inf")],
)
def test_a_wrong_value_names_its_variable_and_is_not_quoted(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"X_{variable} does not fit") as raised:
        read_settings(Sample, {"X_NAME": "a", f"X_{variable}": text}, "X_")
    assert "hush" not in raised.value.sentence


@pytest.mark.parametrize(
    ("variable", "takes"),
    [
        ("PORT", "a whole number from 0 to 65535"),
        ("SUBMIT_BURST", "a whole number from 1 on"),
        ("SUBMIT_RATE", "a number above 0"),
        ("QUEUE_SHARE", "a number above 0 to 1"),
    ],
)
def test_a_wrong_value_is_told_what_it_may_be_in_our_words(variable: str, takes: str) -> None:
    with pytest.raises(SettingsError, match=rf"ROCKSEG_{variable} does not fit \(it takes {takes}\): "):
        from_environment({f"ROCKSEG_{variable}": "many"})


@pytest.mark.parametrize(("text", "on"), [("yes", True), ("ON", True), ("1", True), ("no", False), ("Off", False)])
def test_what_is_on_or_off_is_said_in_any_usual_way(text: str, on: bool) -> None:
    assert read_settings(Sample, {"X_NAME": "a", "X_ON": text}, "X_").on is on


def test_a_prefix_of_objects_is_one_of_which_every_key_is_a_key() -> None:
    for prefix in ("", "lab/", "lab-", "a/b.c/", "x" * 200, "x/" * 256):
        keys = ObjectKeys(from_environment({"ROCKSEG_OBJECT_PREFIX": prefix}).object_prefix)
        key = overlay_key(keys.mask(Tenant("t" * 63), UUID(int=0), "0" * 64), 0.5, legend=True)
        key_parts(key)
        key_parts(keys.current_model())
        assert len(key) < 1024
    for prefix in ("/pre/", "a\tb", "x" * 1100, "y" * 201, "x/" * 257, "a//b", "../", "a/./", "a/../b", "\u00fc/"):
        with pytest.raises(SettingsError, match=r"ROCKSEG_OBJECT_PREFIX does not fit \(it takes up to 512"):
            from_environment({"ROCKSEG_OBJECT_PREFIX": prefix})


def test_a_missing_value_says_what_it_is_for() -> None:
    with pytest.raises(SettingsError, match=r"X_NAME is not set: Must be given\."):
        read_settings(Sample, {}, "X_")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("ROCKSEG_LIFETIME_SECONDS", str(7 * 24 * 3600 + 1)),
        ("ROCKSEG_SUBMIT_RATE", "0"),
        ("ROCKSEG_PORT", "70000"),
        ("ROCKSEG_SWEEP_SECONDS", "0.1"),
        ("ROCKSEG_RENDER_WORKERS", "65"),
        ("ROCKSEG_UPLOAD_MEMORY_BYTES", "2048"),
    ],
)
def test_a_limit_beyond_sense_is_refused(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        from_environment({variable: text})


def test_the_table_names_every_variable_with_its_default() -> None:
    for field in msgspec.structs.fields(ApiSettings):
        assert f"| `ROCKSEG_{field.name.upper()}` |" in settings_table()
    assert "| `X_NAME` | text | required | Must be given. |" in table_of(Sample, "X_")
    assert "| `X_ON` | true or false | `true` | Whether. |" in table_of(Sample, "X_")
    assert "| `X_FOLDER` | path | – | Where. |" in table_of(Sample, "X_")
