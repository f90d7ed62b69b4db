"""The codecs of Kafka's batches, with a bound: some kilobytes that unpack to gigabytes end no process."""

import gzip
import io
import mmap
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import cramjam
from aiokafka.errors import KafkaError, RecordTooLargeError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from typing_extensions import Buffer

MOST_BYTES: Final = 16 * 1024 * 1024  # of a batch, unpacked; producers pack one megabyte at most unless told otherwise
MOST_AT_ONCE: Final = 4 * MOST_BYTES  # of all batches that are kept until one `read` returns

_XERIAL: Final = struct.pack(">8sii", b"\x82SNAPPY\0", 1, 1)  # https://github.com/xerial/snappy-java, SnappyCodec
_BLOCK_BYTES: Final = struct.Struct(">i")

_left: ContextVar[list[int]] = ContextVar("left of MOST_AT_ONCE")


class FullError(KafkaError):  # type: ignore[misc]  # aiokafka carries no types
    """What was unpacked already is all that may be kept at once. The batch is a good one: unpack it the next time."""


@contextmanager
def at_once() -> Iterator[None]:
    """Within, by this task and those that it starts, batches are unpacked to `MOST_AT_ONCE` bytes together."""
    token = _left.set([MOST_AT_ONCE])
    try:
        yield
    finally:
        _left.reset(token)


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
        return _counted(stream.read(MOST_BYTES + 1))


def _snappy(data: Buffer) -> bytes:
    blocks = list(_snappy_blocks(bytes(data)))
    _check(sum(cramjam.snappy.decompress_raw_len(block) for block in blocks))
    return _counted(b"".join(bytes(cramjam.snappy.decompress_raw(block)) for block in blocks))


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
    try:
        mapping = mmap.mmap(-1, MOST_BYTES)
    except OSError as error:
        raise MemoryError from error  # no fault of the batch
    with mapping as room:
        return _counted(room[: decompress_into(data, room)])


def _counted(unpacked: bytes) -> bytes:
    _check(len(unpacked))
    if (left := _left.get(None)) is not None:
        if left[0] < len(unpacked):
            raise FullError("as much is unpacked as may be kept at once")
        left[0] -= len(unpacked)
    return unpacked


def _check(size: int) -> None:
    if size > MOST_BYTES:
        raise RecordTooLargeError(f"a batch holds more than {MOST_BYTES} bytes")


_DECODERS: Final[dict[str, Callable[[Buffer], bytes]]] = {
    "gzip_decode": _gzip,
    "snappy_decode": _snappy,
    "lz4_decode": _lz4,
    "zstd_decode": _zstd,
}
