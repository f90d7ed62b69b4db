import logging
import traceback
from pathlib import Path
from typing import Final

import structlog
from typing_extensions import override

SERVER_LOGGER: Final = "uvicorn.error"

_log = structlog.get_logger("rockseg_api")


class ServerLog(logging.Handler):
    """Passes on what uvicorn has to say: one event a record, with an exception's type and place, not its message."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        place = traceback.extract_tb(error.__traceback__)[-3:] if error else []
        _log.error(
            "http server",
            said=record.getMessage().strip(),
            error=type(error).__qualname__ if error else None,
            at=[f"{Path(frame.filename).name}:{frame.lineno}" for frame in place],
        )


def log_server_errors() -> None:
    """Only errors: uvicorn's warnings are lines that any stranger can cause, and advice about websockets."""
    logger = logging.getLogger(SERVER_LOGGER)
    logger.setLevel(logging.ERROR)
    logger.handlers = [ServerLog()]
    logger.propagate = False
