import io
import struct
import zlib
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rockseg_core.domain.errors import FatalError
from rockseg_core.imaging.mask import decode_mask, encode_confidence, encode_mask


def colours(count: int) -> list[tuple[int, int, int]]:
    return [(number, 255 - number, number * 7 % 256) for number in range(count)]


def depth_and_type(body: bytes) -> tuple[int, int]:
    """From IHDR: bit depth, colour type."""
    return struct.unpack_from(">BB", body, 24)


@pytest.mark.parametrize(("count", "depth"), [(2, 4), (12, 4), (16, 4), (17, 8), (256, 8)])
def test_a_mask_comes_back_and_has_4_bits_up_to_16_classes(count: int, depth: int) -> None:
    mask = np.random.default_rng(count).integers(0, count, (37, 53), dtype=np.uint8)
    body = encode_mask(mask, colours(count))
    assert depth_and_type(body) == (depth, 3)
    assert np.array_equal(decode_mask(body), mask)


def test_any_reader_of_png_sees_indices_and_colours() -> None:
    mask = np.random.default_rng(0).integers(0, 12, (5, 9), dtype=np.uint8)
    image = Image.open(io.BytesIO(encode_mask(mask, colours(12))))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image), mask)
    assert np.array_equal(np.asarray(image.convert("RGB")), np.array(colours(12), np.uint8)[mask])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 12, 17]), st.randoms(use_true_random=False))
def test_masks_of_any_size_come_back(height: int, width: int, count: int, random: Random) -> None:
    mask = np.array([[random.randrange(count) for _ in range(width)] for _ in range(height)], np.uint8)
    assert np.array_equal(decode_mask(encode_mask(mask, colours(count))), mask)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1_500_001), (1_500_001, 3), (1200, 2000)])
@pytest.mark.parametrize("count", [12, 17])
def test_masks_larger_than_a_band_come_back(shape: tuple[int, int], count: int) -> None:
    mask = np.random.default_rng(3).integers(0, count, shape, dtype=np.uint8)
    assert np.array_equal(decode_mask(encode_mask(mask, colours(count))), mask)


def test_a_slice_of_an_array_is_encoded_as_what_it_shows() -> None:
    mask = np.random.default_rng(4).integers(0, 12, (80, 90), dtype=np.uint8)
    for view in (mask[::2, 3:40], mask.T, mask[::-1, ::-1]):
        assert np.array_equal(decode_mask(encode_mask(view, colours(12))), view)


def test_an_index_without_a_colour_is_a_bug_and_not_a_wrong_mask() -> None:
    mask = np.full((4, 4), 12, np.uint8)
    with pytest.raises(ValueError, match="colour"):
        encode_mask(mask, colours(12))
    with pytest.raises(ValueError, match="colour"):
        encode_mask(mask, colours(257))


def test_confidence_is_8_bit_grey() -> None:
    confidence = np.random.default_rng(5).integers(0, 256, (400, 1000), dtype=np.uint8)
    body = encode_confidence(confidence)
    assert depth_and_type(body) == (8, 0)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(body))), confidence)


def test_a_stored_mask_that_is_damaged_is_a_fatal_error() -> None:
    body = encode_mask(np.random.default_rng(6).integers(0, 12, (99, 99), dtype=np.uint8), colours(12))
    for broken in (
        b"",
        body[:20],
        body[:200],
        body[:100] + b"\0" + body[101:],
        encode_confidence(np.zeros((2, 2), np.uint8)),
    ):
        with pytest.raises(FatalError):
            decode_mask(broken)


def test_every_chunk_has_its_checksum_and_the_file_ends_in_iend() -> None:
    body = encode_mask(np.zeros((9, 9), np.uint8), colours(12))
    position, names = 8, []
    while position < len(body):
        length, name = struct.unpack_from(">I4s", body, position)
        data = body[position + 8 : position + 8 + length]
        assert struct.unpack_from(">I", body, position + 8 + length) == (zlib.crc32(name + data),)
        names.append(name)
        position += 12 + length
    assert (names[:2], names[-1]) == ([b"IHDR", b"PLTE"], b"IEND")
