import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rockseg_core.adapters.local.durable import sync_folder

KEPT: Final = 10_000  # folders remembered; a forgotten one costs an fsync more, no object


@dataclass(eq=False)
class Folder:
    """A folder as it was made; one made anew after a removal is another."""

    durable: bool = False


class Folders:
    """Makes and removes the folders of objects, and knows which names last: an fsync each was half a put's time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._known: OrderedDict[Path, Folder] = OrderedDict()

    def make(self, path: Path) -> None:
        """Make `path`, below the root, where it is missing."""
        with self._lock:
            if path in self._known:  # the folders of a running service are removed by itself alone
                self._known.move_to_end(path)
                return
            path.mkdir(parents=True, exist_ok=True)
            for folder in reversed(self._chain(path)):
                self._known.setdefault(folder, Folder())
                self._known.move_to_end(folder)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)

    def forget(self, path: Path) -> None:
        """It was known and is not there: somebody else removed it."""
        with self._lock:
            for folder in self._chain(path):
                self._known.pop(folder, None)

    def make_durable(self, path: Path) -> None:
        """Return when the names of `path` and its parents last, whoever made them."""
        with self._lock:
            folders = [(folder, self._known.get(folder) or Folder()) for folder in self._chain(path)]
        for folder, state in folders:
            if not state.durable:
                with suppress(FileNotFoundError):  # removed meanwhile, with all that was in it
                    sync_folder(folder.parent)
                state.durable = True

    def _chain(self, path: Path) -> list[Path]:
        return [path, *path.parents][: len(path.parts) - len(self._root.parts)]

    def remove_empty(self, path: Path) -> Path:
        """Remove `path` and its parents as far as they are empty; the first folder that stays.

        The kernel removes no folder that holds anything, and a put that lost its folder makes it anew.
        """
        with self._lock:
            while path != self._root:
                try:
                    path.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:  # not empty
                    break
                self._known.pop(path, None)
                path = path.parent
        return path
