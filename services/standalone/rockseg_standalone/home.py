"""The data folder of `rockseg up`: the log, the objects, the keys, and the model that comes along."""

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from rockseg_api.keys import create_key
from rockseg_core.adapters.local.durable import make_private_folder
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.job import Tenant

LOCAL_TENANT = Tenant("local")


@dataclass(frozen=True)
class Home:
    """Paths below one data folder."""

    folder: Path

    @property
    def keys_file(self) -> Path:
        """Hashes of the keys that the API accepts, one a line."""
        return self.folder / "keys"

    @property
    def api_key_file(self) -> Path:
        """The key that the first run made, for the person at this machine."""
        return self.folder / "api-key"

    @property
    def view_file(self) -> Path:
        return self.folder / "view.sqlite3"

    def api_key(self) -> str:
        """The key of the person at this machine; made on the first run, kept with mode 0600.

        Raises SettingsError where the folder cannot be written.
        """
        try:
            make_private_folder(self.folder)
            # The key file is written last: a first run that is cut off between the two simply makes another key.
            if self.keys_file.exists() and self.api_key_file.exists():
                return self.api_key_file.read_text(encoding="ascii").strip()
            key = self.add_key(LOCAL_TENANT)
            _write_private(self.api_key_file, key + "\n")
        except OSError as error:
            raise self._not_written(error) from error
        return key

    def add_key(self, tenant: str) -> str:
        """A new key, whose line is in the key file (mode 0600). Raises SettingsError, for a bad tenant's name too."""
        key, line = create_key(tenant)
        try:
            make_private_folder(self.folder)
            text = _text(self.keys_file) or "# tenant:key_id:sha256hex\n"
            _write_private(self.keys_file, text.removesuffix("\n") + f"\n{line}\n")
        except (OSError, UnicodeError) as error:
            raise self._not_written(error) from error
        return key

    def _not_written(self, error: OSError | UnicodeError) -> SettingsError:
        reason = error.strerror if isinstance(error, OSError) else "its key file is not UTF-8 text"
        return SettingsError(f"The data folder {self.folder} cannot be written ({reason}).")


def default_folder() -> Path:
    """Where `rockseg up` keeps its data unless told: the user's data folder (XDG base directories)."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "rockseg"


def default_bundle() -> Path:
    """The bundle that comes along: inside an installed wheel, else in the checkout's models/."""
    packaged = Path(str(resources.files("rockseg_standalone"))) / "bundle"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "models" / "reference"


def demo_photo() -> Path:
    """The drawn core that comes along."""
    return Path(str(resources.files("rockseg_standalone"))) / "data" / "demo-core.jpg"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _write_private(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:  # noqa: PTH123  # Path.open takes no mode bits
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
