import hashlib

from hypothesis import given
from hypothesis import strategies as st

from rockseg_core.codec.digest import request_digest
from rockseg_core.domain.job import JobOptions

PHOTO = "ab" * 32
WEIGHTS = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def test_the_digest_is_of_the_photo_and_the_options_set_as_canonical_json() -> None:
    options = JobOptions(px_per_mm=2.5, mask_weight=0.25, core_mm=63.5)
    canonical = b'{"core_mm":63.5,"mask_weight":0.25,"px_per_mm":2.5}'
    assert request_digest(PHOTO, options) == hashlib.sha256(PHOTO.encode() + b"\n" + canonical).hexdigest()


def test_an_option_left_out_and_one_set_to_its_default_are_the_same_request() -> None:
    assert request_digest(PHOTO, JobOptions()) == request_digest(PHOTO, JobOptions(mask_weight=0.5))


def test_the_digest_of_plain_requests_stays_what_it_was() -> None:
    # Idempotency-Keys of running jobs are bound to it: another value would answer a retry with 422.
    assert request_digest(PHOTO, JobOptions()) == hashlib.sha256(PHOTO.encode() + b"\n{}").hexdigest()


@given(WEIGHTS, WEIGHTS, st.booleans())
def test_two_digests_agree_only_where_photo_and_options_do(first: float, second: float, same_photo: bool) -> None:
    other = PHOTO if same_photo else "cd" * 32
    equal = request_digest(PHOTO, JobOptions(mask_weight=first)) == request_digest(
        other, JobOptions(mask_weight=second)
    )
    assert equal == (first == second and same_photo)
