"""Batches that aiokafka cannot unpack, as clients of other make write them."""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import aiokafka.codec
import cramjam
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c, encode_varint_py

CODECS: Final = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
BOMB: Final = b"BOMB"  # the value of a record whose batch shall become one
HEADER = "QQQQ"  # of a record whose header shall have a name that is no UTF-8

_LENGTH_AT, _CRC_AT, _SUMMED_FROM, _PACKED_FROM = 8, 17, 21, 61  # https://kafka.apache.org/documentation/#recordbatch
_PIECE: Final = bytes(1 << 20)


def with_a_bad_header(batch: bytes | bytearray) -> bytearray:
    """The same batch, but of headers named HEADER the name is no UTF-8; its checksum fits."""
    changed = bytearray(batch).replace(HEADER.encode(), b"\xff\xfeQQ")
    return summed(changed)


def with_a_bomb(batch: bytes | bytearray, codec: str, pieces: int) -> bytearray:
    """The same batch, but its one record's value is so many MiB of zeros, packed piece by piece."""
    value_bytes, record = pieces * len(_PIECE), bytearray()
    for number in (0, 0, 0, -1, value_bytes):  # attributes, time, offset, no key
        encode_varint_py(number, record.append)
    size = bytearray()
    encode_varint_py(len(record) + value_bytes + 1, size.append)
    pieces_of_it = (bytes(size + record), *[_PIECE] * pieces, b"\0")
    changed = bytearray(batch[:_PACKED_FROM]) + _packed(codec, pieces_of_it)
    struct.pack_into(">i", changed, _LENGTH_AT, len(changed) - _LENGTH_AT - 4)
    struct.pack_into(">h", changed, _SUMMED_FROM, CODECS[codec])
    return summed(changed)


def _packed(codec: str, pieces: Iterable[bytes]) -> bytes:
    if codec == "gzip":
        gzip = zlib.compressobj(wbits=31)
        return b"".join(map(gzip.compress, pieces)) + gzip.flush()
    if codec == "snappy":
        return bytes(cramjam.snappy.compress_raw(b"".join(pieces)))
    kafkas = {"content_checksum": False, "block_linked": False}
    other = cramjam.lz4.Compressor(**kafkas) if codec == "lz4" else cramjam.zstd.Compressor()
    for piece in pieces:
        other.compress(piece)
    return bytes(other.finish())


def summed(batch: bytearray) -> bytearray:
    struct.pack_into(">I", batch, _CRC_AT, calc_crc32c(bytes(batch[_SUMMED_FROM:])))
    return batch


def bad_headers() -> AbstractContextManager[None]:
    """Within, producers write such batches."""
    return _changed(HEADER.encode(), with_a_bad_header)


def bombs(codec: str, pieces: int) -> AbstractContextManager[None]:
    """Within, what producers write as BOMB, each by itself and not packed, is one."""
    return _changed(BOMB, lambda batch: with_a_bomb(batch, codec, pieces))


@contextmanager
def _changed(mark: bytes, change: Callable[[bytearray], bytearray]) -> Iterator[None]:
    real = BatchBuilder._build

    def build(self: BatchBuilder) -> bytearray:
        batch = real(self)
        if mark in batch and not self._closed_by_test:
            self._buffer, self._closed_by_test = change(batch), True
        return self._buffer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchBuilder, "_closed_by_test", False, raising=False)
        patch.setattr(BatchBuilder, "_build", build)
        yield


@contextmanager
def without_zstd() -> Iterator[None]:
    """Within, records that were written with zstd are of a codec that is not here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiokafka.codec, "has_zstd", lambda: False)
        yield
