import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rockseg_core.imaging import refusals

_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNSIGNED: Final = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}  # BYTE, SHORT, LONG, IFD and BigTIFF's
_FURTHER: Final = (330, 34665, 34853, 40965)  # SubIFDs, and the directories of EXIF, GPS and interoperability
_MAX_ENTRIES: Final = 1000
_MAX_DIRECTORIES: Final = 64


class Directory:
    """The unsigned values of one image file directory, by tag."""

    def __init__(self, values: dict[int, NDArray[Any]]) -> None:
        self._values = values

    def __contains__(self, tag: int) -> bool:
        return tag in self._values

    def numbers(self, tag: int) -> NDArray[Any]:
        return self._values.get(tag, np.empty(0, np.uint8))

    def number(self, tag: int, default: int) -> int:
        values = self.numbers(tag)
        return int(values[0]) if len(values) else default


class TiffFile:
    """Reads directories; no value is read that lies outside the file, nor more bytes of values than the file has."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._order = "<" if body[:2] == b"II" else ">"
        self._big = body[2:4] in {b"+\0", b"\0+"}
        self._visited: set[int] = set()
        self.first: int = self._unpack("Q", 8) if self._big else self._unpack("I", 4)

    def directory(self, at: int) -> tuple[Directory, int]:
        """A directory, and where the next page's is (0: none).

        Raises PhotoRefusedError, or struct.error where the file ends within it. The directories that it points to must
        lie inside the file too, so that a file cut after its picture is known as cut.
        """
        if at in self._visited or len(self._visited) >= _MAX_DIRECTORIES:
            raise refusals.corrupt("TIFF")
        self._visited.add(at)
        entries: int = self._unpack("Q" if self._big else "H", at)
        first, size = (at + 8, 20) if self._big else (at + 2, 12)
        if not 0 < entries <= _MAX_ENTRIES:
            raise refusals.corrupt("TIFF") if first + entries * size <= len(self._body) else refusals.truncated("TIFF")
        values, tags, value_bytes = dict[int, NDArray[Any]](), set[int](), 0
        for entry in range(first, first + entries * size, size):
            tag, kind, start, length = self._entry(entry)
            value_bytes += length
            if start + length > len(self._body):
                raise refusals.truncated("TIFF")
            # Entries that share one value are a bomb; of a tag that comes twice, every decoder takes another.
            if value_bytes > len(self._body) or tag in tags:
                raise refusals.corrupt("TIFF")
            tags.add(tag)
            if kind in _UNSIGNED:
                dtype = np.dtype(f"{self._order}{_UNSIGNED[kind]}")
                values[tag] = np.frombuffer(self._body, dtype, length // dtype.itemsize, start)
        following: int = self._unpack("Q" if self._big else "I", first + entries * size)
        page = Directory(values)
        for tag in _FURTHER:
            for pointer in page.numbers(tag)[:_MAX_DIRECTORIES].tolist():
                self.directory(pointer)
        return page, following

    def _entry(self, at: int) -> tuple[int, int, int, int]:
        """Tag, type, and where its value starts and how many bytes it has."""
        tag, kind, count = struct.unpack_from(f"{self._order}{'HHQ' if self._big else 'HHI'}", self._body, at)
        length = count * _BYTES.get(kind, 0)
        inline, field, code = (8, at + 12, "Q") if self._big else (4, at + 8, "I")
        return tag, kind, field if length <= inline else self._unpack(code, field), length

    def _unpack(self, code: str, at: int) -> int:
        if at > len(self._body):  # BigTIFF's offsets can be more than struct takes
            raise refusals.truncated("TIFF")
        value: int
        (value,) = struct.unpack_from(f"{self._order}{code}", self._body, at)
        return value
