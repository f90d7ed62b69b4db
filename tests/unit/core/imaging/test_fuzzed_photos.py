"""For any bytes: a picture of the promised size, or PhotoRefusedError. Nothing else comes out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_files import CASES, PNG_SIGNATURE, mpo

from rockseg_core.domain.errors import PhotoRefusedError
from rockseg_core.imaging.decode import decode_photo
from rockseg_core.imaging.inspect import inspect_photo

LIMIT = 2_000_000
SEEDS = [*(case.body for case in CASES if len(case.body) < 20_000), mpo()]
STARTS = [
    b"",
    b"\xff\xd8\xff",
    PNG_SIGNATURE,
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0",
    b"RIFF\xff\0\0\0WEBP",
]


def refusal_of(read: Callable[..., Any], body: bytes) -> tuple[Any, str]:
    """What comes out, and the code of its refusal or nothing."""
    try:
        return read(body, max_pixels=LIMIT), ""
    except PhotoRefusedError as error:
        return None, error.code


def check(body: bytes) -> None:
    info, code = refusal_of(inspect_photo, body)
    pixels, code_of_pixels = refusal_of(decode_photo, body)
    assert code_of_pixels in ({code} if code else {"", "image_corrupt"})
    if code_of_pixels:
        return
    assert pixels.shape == (info.height, info.width, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A valid file with some bytes changed, cut out or repeated; mostly near its beginning, where structure is."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(body) - 1)) | st.integers(0, min(200, max(0, len(body) - 1))))
        match draw(st.sampled_from(["set", "cut", "repeat", "insert"])):
            case "set":
                body[at : at + 1] = bytes([draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))])
            case "cut":
                del body[at : at + draw(st.integers(1, 40))]
            case "repeat":
                body[at:at] = body[at : at + draw(st.integers(1, 40))]
            case "insert":
                body[at:at] = draw(st.binary(max_size=20))
    return bytes(body)


@settings(max_examples=600, deadline=None)
@given(mutants())
def test_a_mutated_photo_is_read_or_refused(body: bytes) -> None:
    check(body)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=400))
def test_random_bytes_are_refused(start: bytes, rest: bytes) -> None:
    check(start + rest)
