"""Batches that aiokafka cannot unpack, as clients of other make write them."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import aiokafka.codec
import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

HEADER = "QQQQ"  # of a record whose header shall have a name that is no UTF-8

_CRC_AT, _SUMMED_FROM = 17, 21  # https://kafka.apache.org/documentation/#recordbatch


def with_a_bad_header(batch: bytes | bytearray) -> bytearray:
    """The same batch, but of headers named HEADER the name is no UTF-8; its checksum fits."""
    changed = bytearray(batch).replace(HEADER.encode(), b"\xff\xfeQQ")
    struct.pack_into(">I", changed, _CRC_AT, calc_crc32c(bytes(changed[_SUMMED_FROM:])))
    return changed


@contextmanager
def bad_headers() -> Iterator[None]:
    """Within, producers write such batches."""
    real = BatchBuilder._build

    def build(self: BatchBuilder) -> bytearray:
        batch = real(self)
        if HEADER.encode() in batch and not self._closed_by_test:
            self._buffer, self._closed_by_test = with_a_bad_header(batch), True
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
