import pytest

from rockseg_core.domain.object_key import climbs, key_parts


@pytest.mark.parametrize("key", ["a", "jobs/acme/5b0d/photo-01.jpg", "a.b/..c/.d", "models/current.json"])
def test_a_key_is_made_of_its_parts(key: str) -> None:
    assert "/".join(key_parts(key)) == key


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\\b", "a b", "é", "a\n", "~a", "x" * 256]
)
def test_what_could_leave_its_folder_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        key_parts(key)


@pytest.mark.parametrize("key", ["jobs/acme/1/", "a b", "a//b", "é", "~a", "..a/b..", "x" * 256])
def test_whoever_put_it_there_it_can_be_deleted(key: str) -> None:
    assert not climbs(key)


@pytest.mark.parametrize("key", ["", "/", "/a", ".", "..", "../a", "a/../b", "a/.", "a\0b"])
def test_what_has_no_place_of_its_own_cannot(key: str) -> None:
    assert climbs(key)
