import hashlib
import stat
from pathlib import Path

import pytest

from rockseg_api.keys import KeyFile
from rockseg_core.domain.errors import SettingsError
from rockseg_standalone.home import LOCAL_TENANT, Home


def test_the_first_run_makes_a_key_that_the_key_file_knows(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    key = home.api_key()
    line = home.keys_file.read_text().splitlines()[-1]
    tenant, _key_id, digest = line.split(":")
    assert tenant == LOCAL_TENANT
    assert digest == hashlib.sha256(key.encode()).hexdigest()
    KeyFile(home.keys_file)


def test_a_second_run_finds_the_same_key(tmp_path: Path) -> None:
    assert Home(tmp_path).api_key() == Home(tmp_path).api_key()


def test_a_first_run_cut_off_before_the_key_was_kept_makes_another(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = home.api_key()
    home.api_key_file.unlink()
    assert home.api_key() != first
    assert len([line for line in home.keys_file.read_text().splitlines() if not line.startswith("#")]) == 2


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    home.api_key()
    for path in (home.keys_file, home.api_key_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


def test_a_data_folder_that_is_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="data folder"):
        Home(tmp_path / "file").api_key()


def test_a_further_key_leaves_the_lines_that_are_there(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.api_key()
    home.keys_file.write_text(home.keys_file.read_text() + "# Käthe's, without an end of line")
    key = home.add_key("site-7")
    assert "# Käthe's" in home.keys_file.read_text()
    assert KeyFile(home.keys_file).caller(home.api_key()) is not None
    caller = KeyFile(home.keys_file).caller(key)
    assert caller is not None
    assert caller.tenant == "site-7"
