import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition
from tests.real.kafka_strays import CODECS, HEADER, summed, with_a_bad_header, with_a_bomb, without_zstd

from rockseg_core.adapters.kafka.decompressing import MOST_AT_ONCE, MOST_BYTES, FullError, at_once, bound_codecs
from rockseg_core.adapters.kafka.unpacking import MOST_RECORDS, Unreadable, next_offset, unpack

AT = TopicPartition("jobs", 1)

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _bound() -> None:
    bound_codecs()


def batch(first: int, *values: bytes, codec: str = "none", bad: int | None = None) -> bytes:
    """At the offsets from `first` on; the record at `bad` has a header whose name is no text."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=CODECS[codec],
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for index, value in enumerate(values):
        headers = [(HEADER if first + index == bad else "name", b"value")]
        assert builder.append(index, 1000, b"key", value, headers)
    built = with_a_bad_header(builder.build())
    built[:8] = first.to_bytes(8, "big")
    return bytes(built)


def told(data: bytes, position: int, *, end: int = 1000, forgive: bool = False) -> list[tuple[int, int, bytes | None]]:
    return [
        (record.offset, next_offset(record), record.value)
        for record in unpack(AT, data, position, end, forgive=forgive)[0]
    ]


@pytest.mark.parametrize("codec", CODECS)
def test_each_codec_of_kafka_is_unpacked(codec: str) -> None:
    found, position = unpack(AT, batch(7, b"a" * 99, b"b", codec=codec), 7, 9, forgive=False)
    assert position == 9
    assert [(record.offset, record.value) for record in found] == [(7, b"a" * 99), (8, b"b")]
    assert (found[0].key, found[0].headers) == (b"key", (("name", b"value"),))


def test_records_below_the_position_are_not_given_out_again() -> None:
    assert told(batch(0, b"a", b"b", b"c") + batch(3, b"d"), 2) == [(2, 3, b"c"), (3, 4, b"d")]


def test_a_batch_of_an_absent_codec_is_passed_over_whole() -> None:
    data = batch(0, b"a") + batch(1, b"b", b"c", codec="zstd") + batch(3, b"d")
    with without_zstd():
        assert told(data, 0) == [(0, 1, b"a"), (1, 3, None), (3, 4, b"d")]


def test_what_stands_before_a_bad_header_is_read_and_the_rest_of_its_batch_is_passed_over() -> None:
    data = batch(4, b"a", b"b", b"c", b"d", bad=5) + batch(8, b"e")
    assert told(data, 4) == [(4, 5, b"a"), (5, 8, None), (8, 9, b"e")]
    assert told(data, 6) == [(6, 8, None), (8, 9, b"e")]
    (unreadable,) = [record for record in unpack(AT, data, 4, 9, forgive=False)[0] if isinstance(record, Unreadable)]
    assert (unreadable.key, unreadable.value, unreadable.why) == (None, None, "UnicodeDecodeError")


def test_a_checksum_that_fails_is_told_before_it_is_forgiven() -> None:
    bad = bytearray(batch(4, b"a", b"b"))
    bad[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        told(bytes(bad), 4)
    assert told(bytes(bad), 4, forgive=True) == [(4, 6, None)]
    assert told(batch(3, b"x") + bytes(bad), 3) == [(3, 4, b"x")]


def test_a_batch_with_a_bad_checksum_is_not_believed_where_it_cannot_end() -> None:
    bad = bytearray(batch(4, b"a", b"b"))
    bad[23] ^= 1  # the high byte of its last offset
    with pytest.raises(CorruptRecordException):
        told(bytes(bad), 4, end=6, forgive=True)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "none"])
def test_a_batch_that_unpacks_to_more_than_the_bound_is_passed_over(codec: str) -> None:
    data = batch(0, b"a") + with_a_bomb(batch(1, b"b"), codec, MOST_BYTES // MIB) + batch(2, b"c")
    assert told(data, 0) == [(0, 1, b"a"), (1, 2, None), (2, 3, b"c")]


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "none"])
def test_a_batch_just_below_the_bound_is_read(codec: str) -> None:
    pieces = MOST_BYTES // MIB - 1
    assert told(bytes(with_a_bomb(batch(1, b"b"), codec, pieces)), 0) == [(1, 2, bytes(pieces * MIB))]


def test_snappy_that_claims_a_size_without_having_it_reserves_none() -> None:
    data = with_a_bomb(batch(0, b"b"), "snappy", 1)
    start = data.index(b"\x8d\x80\x40")  # 1 MiB and 13 bytes
    data[start : start + 3] = b"\xff\xff\x7f"
    assert told(bytes(summed(data)), 0) == [(0, 1, None)]


def test_what_holds_no_record_is_read_on_behind() -> None:
    """As after a transaction's marker, when the batch behind it is not whole."""
    marker = bytearray(batch(4, b"marker"))
    marker[22] |= 0x30
    data = bytes(summed(marker))
    assert unpack(AT, data + batch(5, b"a")[:-1], 4, 6, forgive=False) == ([], 5)
    assert unpack(AT, b"", 5, 6, forgive=False) == ([], 5)


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "none"])
def test_what_is_too_much_at_once_is_left_for_the_next_time(codec: str) -> None:
    pieces = MOST_BYTES // MIB - 1
    most = MOST_AT_ONCE // (pieces * MIB)
    large = [bytes(with_a_bomb(batch(offset, b"b"), codec, pieces)) for offset in range(most + 2)]
    with at_once():
        assert [offset for offset, *_ in told(b"".join(large), 0)] == list(range(most))
        with pytest.raises(FullError):
            told(b"".join(large[most:]), most)
    with at_once():
        assert [offset for offset, *_ in told(b"".join(large[most:]), most)] == [most, most + 1]


def test_of_very_many_records_a_part_comes_at_a_time_and_the_rest_from_there_on() -> None:
    data = batch(5, *[b""] * (2 * MOST_RECORDS + 3), bad=5 + MOST_RECORDS + 1)
    found, position = unpack(AT, data, 5, 10**6, forgive=False)
    assert ([record.offset for record in found], position) == (list(range(5, 5 + MOST_RECORDS)), 5 + MOST_RECORDS)
    found, position = unpack(AT, data, position, 10**6, forgive=False)
    assert [(record.offset, next_offset(record)) for record in found] == [
        (5 + MOST_RECORDS, 6 + MOST_RECORDS),
        (6 + MOST_RECORDS, 8 + 2 * MOST_RECORDS),
    ]
    assert position == 8 + 2 * MOST_RECORDS
