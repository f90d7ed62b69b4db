import pytest

from rockseg_core.domain.object_key import key_parts


@pytest.mark.parametrize("key", ["a", "jobs/acme/5b0d/photo-01.jpg", "a.b/..c/.d", "models/current.json"])
def test_a_key_is_made_of_its_parts(key: str) -> None:
    assert "/".join(key_parts(key)) == key


@pytest.mark.parametrize(
    "key", ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\\b", "a b", "é", "a\n", "~a", "x" * 256]
)
def test_what_could_leave_its_folder_is_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        key_parts(key)
