import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from rockseg_api.entrypoints.cli import main
from rockseg_api.keys import CHECK_SECONDS, KeyFile, create_key, parse_key_lines
from rockseg_core.adapters import stderr_log
from rockseg_core.domain.errors import SettingsError


@dataclass
class Monotonic:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def replaced(file: Path, text: str) -> None:
    """As an editor or Kubernetes does it: a new file in the old one's place."""
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def test_a_key_opens_for_its_tenant_alone(file: Path, clock: Monotonic) -> None:
    (acme, acme_line), (rival, rival_line) = create_key("acme"), create_key("rival-2")
    file.write_text(f"# keys\n\n{acme_line}  # the lab's\n{rival_line}\n", encoding="utf-8")
    keys = KeyFile(file, clock)
    for key, tenant in ((acme, "acme"), (rival, "rival-2")):
        caller = keys.caller(key)
        assert caller is not None
        assert caller.tenant == tenant
        assert f"rsk_{caller.key_id}_" in key


def test_a_tenant_may_have_several_keys(file: Path) -> None:
    made = [create_key("acme") for _ in range(3)]
    file.write_text("\n".join(line for _, line in made), encoding="utf-8")
    keys = KeyFile(file)
    assert {found.tenant for key, _ in made if (found := keys.caller(key))} == {"acme"}


def test_a_key_is_long_and_its_line_holds_only_its_hash() -> None:
    key, line = create_key("acme")
    _, key_id, digest = line.split(":")
    assert key.startswith(f"rsk_{key_id}_")
    assert len(key.split("_", 2)[2]) == 43
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    assert key.split("_", 2)[2] not in line


@pytest.mark.parametrize("change", [lambda key: key[:-1], lambda key: key + "x", lambda key: key.upper(), lambda _: ""])
def test_anything_but_the_key_is_nobody_s(file: Path, change: object) -> None:
    key, line = create_key("acme")
    file.write_text(line, encoding="utf-8")
    assert callable(change)
    assert KeyFile(file).caller(change(key)) is None


@pytest.mark.parametrize("key", ["rsk", "rsk_", "rsk__", "x" * 10**6, "rsk_é_ü", "rsk_\x00_"])
def test_nonsense_is_nobody_s_key(file: Path, key: str) -> None:
    file.write_text(create_key("acme")[1], encoding="utf-8")
    assert KeyFile(file).caller(key) is None


def test_a_changed_file_is_in_force_a_second_later(file: Path, clock: Monotonic) -> None:
    (old, old_line), (new, new_line) = create_key("acme"), create_key("acme")
    file.write_text(old_line, encoding="utf-8")
    keys = KeyFile(file, clock)
    assert keys.caller(old)
    replaced(file, new_line)
    clock.seconds += CHECK_SECONDS
    assert keys.caller(new)
    assert keys.caller(old) is None


def test_a_file_emptied_on_purpose_lets_nobody_in(file: Path, clock: Monotonic) -> None:
    key, line = create_key("acme")
    file.write_text(line, encoding="utf-8")
    keys = KeyFile(file, clock)
    replaced(file, "# nobody\n")
    clock.seconds += CHECK_SECONDS
    assert keys.caller(key) is None


def test_the_file_is_looked_at_once_a_second_at_most(file: Path, clock: Monotonic) -> None:
    key, line = create_key("acme")
    file.write_text(line, encoding="utf-8")
    keys = KeyFile(file, clock)
    assert keys.caller(key)
    replaced(file, "")
    clock.seconds += CHECK_SECONDS / 2
    assert keys.caller(key)


@pytest.mark.parametrize("broken", ["acme:1:zz\n", "nonsense", "\x00", None])
def test_a_file_that_breaks_keeps_the_last_keys_and_says_so_once(
    file: Path, clock: Monotonic, broken: str | None
) -> None:
    key, line = create_key("acme")
    file.write_text(line, encoding="utf-8")
    keys = KeyFile(file, clock)
    if broken is None:
        file.unlink()
    else:
        replaced(file, broken)
    with capture_logs() as logs:
        for _ in range(5):
            clock.seconds += CHECK_SECONDS
            assert keys.caller(key)
    assert [entry["log_level"] for entry in logs] == ["error"]
    replaced(file, line + "\n" + create_key("late")[1])
    clock.seconds += CHECK_SECONDS
    assert keys.caller(key)


def test_a_file_that_is_no_text_keeps_the_last_keys(file: Path, clock: Monotonic) -> None:
    key, line = create_key("acme")
    file.write_text(line, encoding="utf-8")
    keys = KeyFile(file, clock)
    file.write_bytes(b"\xff\xfe" * 50)
    clock.seconds += CHECK_SECONDS
    assert keys.caller(key)


def test_a_start_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="key file cannot be read"):
        KeyFile(tmp_path / "nothing")
    with pytest.raises(SettingsError, match="key file cannot be read"):
        KeyFile(tmp_path)


def test_bad_lines_are_numbered_and_not_quoted() -> None:
    good = create_key("acme")[1]
    secret = "a" * 63
    text = f"{good}\nacme:1:{secret}\n# fine\nACME:2:{'b' * 64}\n{good}\n"
    with pytest.raises(SettingsError, match="lines 2, 4, 5 are not") as raised:
        parse_key_lines(text)
    assert secret not in raised.value.sentence


@pytest.mark.parametrize("tenant", ["", "ACME", "a" * 64, "a/b", "a:b", "ä", "a\n"])
def test_a_tenant_s_name_is_checked(tenant: str) -> None:
    with pytest.raises(SettingsError, match="tenant's name"):
        create_key(tenant)


def test_the_command_prints_the_key_and_its_line() -> None:
    done = CliRunner().invoke(main, ["keys", "create", "--tenant", "acme"])
    assert done.exit_code == 0
    key, line = done.stdout.split()
    assert parse_key_lines(line)[key.split("_")[1]][0].tenant == "acme"
    refused = CliRunner().invoke(main, ["keys", "create", "--tenant", "No Tenant"])
    assert refused.exit_code != 0
    assert "a tenant's name" in refused.output


def test_serving_without_a_key_file_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stderr_log, "_begun", False)  # as in a process of its own
    done = CliRunner().invoke(main, ["serve"], env={"ROCKSEG_KEYS_FILE": None})
    assert done.exit_code == 2
    assert done.stderr.startswith("rockseg-api: ROCKSEG_KEYS_FILE is not set")
