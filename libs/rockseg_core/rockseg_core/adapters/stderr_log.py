"""A process's log: one JSON object a line on stderr, whoever writes it; plain lines where a person looks on."""

import logging
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from rockseg_core.domain.errors import SettingsError

VARIABLE: Final = "ROCKSEG_LOG_LEVEL"
LEVELS: Final = ("debug", "info", "warning", "error", "critical")

# What clients of Kafka and S3 say about each connection is told by our own events, once and without addresses.
LOUD: Final = ("aiokafka", "asyncio", "urllib3", "uvicorn", "uvicorn.error")

_begun = False


def without_text(_logger: WrappedLogger, _level: str, event: EventDict) -> EventDict:
    """An exception as its type and place: its text may quote a secret, a path, or a tenant's words."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else (told if isinstance(told, tuple) else sys.exc_info())[1]
    if told and error is not None:
        place = traceback.extract_tb(error.__traceback__)[-3:]
        event["error"] = type(error).__qualname__
        event["at"] = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in place]
    return event


def say_last(program: str, sentence: str) -> None:
    """Why a process ends: in the log's form where it has begun, for whoever collects it, else as a plain line."""
    if _begun:
        structlog.get_logger(program).critical("ended", reason=sentence)
    else:
        sys.stderr.write(f"{program}: {sentence}\n")


def log_to_stderr(environ: Mapping[str, str], default: str = "info") -> None:
    """Raises SettingsError for a level that is none."""
    name = environ.get(VARIABLE, "").strip().lower() or default
    if name not in LEVELS:
        raise SettingsError(f"{VARIABLE} is one of {', '.join(LEVELS)}")
    level = logging.getLevelNamesMapping()[name.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_text,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for loud in LOUD:
        logging.getLogger(loud).setLevel(max(level, logging.CRITICAL))
    global _begun  # noqa: PLW0603 - a process has one log
    _begun = True
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
