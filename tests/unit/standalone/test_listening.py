import pytest

from rockseg_api.serving import listen
from rockseg_standalone.listening import address


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:{}"),
        ("0.0.0.0", "http://127.0.0.1:{}"),  # noqa: S104  # what is tested
        ("::1", "http://[::1]:{}"),
        ("::", "http://[::1]:{}"),
        ("localhost", "http://localhost:{}"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host: str, shown: str) -> None:
    with listen(host, 0) as listener:
        assert address(host, listener) == shown.format(listener.getsockname()[1])
