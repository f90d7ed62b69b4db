"""What a process's log tells of an exception: the type and the place, whoever logs it, and never its text."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from rockseg_core.adapters import stderr_log

SECRET = "the-secret-itself"


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(stderr_log, "_begun", False)
    structlog_before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    loud = {name: logging.getLogger(name).level for name in stderr_log.LOUD}
    yield
    structlog.configure(**structlog_before)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in loud.items():
        logging.getLogger(name).setLevel(before)


def test_an_exceptions_text_reaches_no_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    stderr_log.log_to_stderr({})
    try:
        {}[SECRET]
    except KeyError as error:
        structlog.get_logger().exception("within")
        logging.getLogger("a.library").exception("within a library")
        caught = error
    structlog.get_logger().critical("later", exc_info=caught)
    structlog.get_logger().error("not at all", exc_info=True)
    written = capsys.readouterr().err
    assert SECRET not in written
    *told, nothing = (json.loads(line) for line in written.splitlines())
    assert [line["event"] for line in told] == ["within", "within a library", "later"]
    for line in told:
        assert line["error"] == "KeyError"
        assert line["at"][0].startswith("test_stderr_log.py:")
    assert "error" not in nothing
