"""The codecs of Kafka's batches, with a bound: some kilobytes that unpack to gigabytes end no process."""

import gzip
import io
import mmap
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Final

import cramjam
from aiokafka.errors import RecordTooLargeError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from typing_extensions import Buffer

MOST_BYTES: Final = 16 * 1024 * 1024  # of a batch, unpacked; producers pack one megabyte at most unless told otherwise

_XERIAL: Final = struct.pack(">8sii", b"\x82SNAPPY\0", 1, 1)  # https://github.com/xerial/snappy-java, SnappyCodec
_BLOCK_BYTES: Final = struct.Struct(">i")


def bound_codecs() -> None:
    """From now on aiokafka 0.14 unpacks no batch of this process to more than `MOST_BYTES`; it has no setting for it.

    A batch that holds more raises, as one that is broken does. Afterwards would be too late: where memory is short,
    cramjam's own allocations abort the process.
    """
    for kind in (DefaultRecordBatch, LegacyRecordBatch):
        module = sys.modules[kind.__module__]  # the compiled one, where there is one
        for name, decode in _DECODERS.items():
            if hasattr(module, name):  # the older kind knows no zstd
                setattr(module, name, decode)


def _gzip(data: Buffer) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        unpacked = stream.read(MOST_BYTES + 1)
    _check(len(unpacked))
    return unpacked


def _snappy(data: Buffer) -> bytes:
    blocks = list(_snappy_blocks(bytes(data)))
    _check(sum(cramjam.snappy.decompress_raw_len(block) for block in blocks))
    return b"".join(bytes(cramjam.snappy.decompress_raw(block)) for block in blocks)


def _snappy_blocks(data: bytes) -> Iterator[bytes]:
    """One bare block, as librdkafka writes it, or the several of snappy-java, each behind its size."""
    if not data.startswith(_XERIAL):
        yield data
        return
    at = len(_XERIAL)
    while at < len(data):
        (size,) = _BLOCK_BYTES.unpack_from(data, at)
        at += _BLOCK_BYTES.size
        if not 0 < size <= len(data) - at:
            raise ValueError("a snappy block of an impossible size")
        yield data[at : at + size]
        at += size


def _lz4(data: Buffer) -> bytes:
    return _within(cramjam.lz4.decompress_into, data)


def _zstd(data: Buffer) -> bytes:
    return _within(cramjam.zstd.decompress_into, data)


def _within(decompress_into: Callable[[Buffer, mmap.mmap], int], data: Buffer) -> bytes:
    # A mapping costs what is written to it, not what it could hold. Where it is full, cramjam raises.
    with mmap.mmap(-1, MOST_BYTES) as room:
        return room[: decompress_into(data, room)]


def _check(size: int) -> None:
    if size > MOST_BYTES:
        raise RecordTooLargeError(f"a batch holds more than {MOST_BYTES} bytes")


_DECODERS: Final[dict[str, Callable[[Buffer], bytes]]] = {
    "gzip_decode": _gzip,
    "snappy_decode": _snappy,
    "lz4_decode": _lz4,
    "zstd_decode": _zstd,
}
