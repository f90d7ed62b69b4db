"""Where `rockseg segment` writes, and that it writes over nothing of the user's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rockseg_core.domain.errors import SettingsError, UsageError

NAMES: Final = ("overlay.png", "mask.png", "confidence.png", "report.json")


@dataclass(frozen=True)
class Results:
    """The files of one photo: `STEM-mask.png` and so on, beside each other in `folder`."""

    photo: Path
    folder: Path

    @property
    def files(self) -> Sequence[Path]:
        return [self.file(name) for name in NAMES]

    def file(self, name: str) -> Path:
        return self.folder / f"{self.photo.stem}-{name}"

    def write(self, contents: Mapping[str, bytes]) -> None:
        """All of them or none: each is whole before the first takes its name. Raises OSError."""
        parts = {name: self.folder / f".{self.photo.stem}-{name}.part" for name in contents}
        try:
            for name, content in contents.items():
                parts[name].write_bytes(content)
            for name, part in parts.items():
                part.replace(self.file(name))
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)


def planned(photos: Sequence[Path], folder: Path, *, force: bool) -> list[Results]:
    """One a photo, in order; a photo given twice counts once.

    Raises UsageError where results would overwrite each other, a photo that was given, or, unless `force`, anything.
    """
    by_place = {photo.resolve(): photo for photo in reversed(photos)}
    batch = [Results(photo, folder) for photo in reversed(by_place.values())]
    _refuse_equal_names(batch)
    for results in batch:
        for file in results.files:
            if file.resolve() in by_place:
                raise UsageError(
                    f"The results of {results.photo} would overwrite {file}, which is one of the photos; "
                    "choose another folder with -o."
                )
            if not force and os.path.lexists(file):
                raise UsageError(f"{file} exists already; choose another folder with -o, or replace it with --force.")
    return batch


def make_folder(folder: Path) -> None:
    """Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "Permission denied")
    except OSError as error:
        raise SettingsError(
            f"The folder {folder} cannot be written ({error.strerror}); choose another with -o."
        ) from error


def _refuse_equal_names(batch: Sequence[Results]) -> None:
    by_stem: dict[str, Path] = {}
    for results in batch:
        other = by_stem.setdefault(results.photo.stem, results.photo)
        if other is not results.photo:
            raise UsageError(
                f"{other} and {results.photo} would both give {results.photo.stem}-mask.png; segment them one after "
                "the other, each with a folder of its own (-o)."
            )
