"""What `rockseg up` says to the person who started it: stdout for them, stderr for the log."""

import logging
import os
import shlex
import sys
from typing import Final

import structlog

from rockseg_core.adapters.stderr_log import without_text
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.job import ModelRef
from rockseg_standalone.home import Home
from rockseg_standalone.terminal import plain

LEVELS: Final = ("debug", "info", "warning", "error", "critical")

_out = plain()


def say(sentence: str) -> None:
    _out.print(sentence)


def say_ready(address: str, api_key: str, home: Home, model: ModelRef, *, first_run: bool) -> None:
    """Where it is, and lines that work. The key is shown once: what a terminal shows is soon in somebody's log."""
    if first_run:
        say(f"Made an API key for you; it is kept in {home.api_key_file}.")
    else:
        say(f"Your API key is in {home.api_key_file}.")
    shown = api_key if first_run else f"$(cat {shlex.quote(str(home.api_key_file))})"
    say(f"Data in {home.folder}, model {model.name} {model.version}.")
    say("Try it:")
    say(f'  curl -H "api-key: {shown}" -F file=@core.jpg {address}/predict')
    say("and, once the job has finished:")
    say(f'  curl -H "api-key: {shown}" "{address}/job/JOB_ID?form=png" -o overlay.png')
    say(f"Ready at {address} (its API is described at {address}/schema). Ctrl-C stops it.")
    sys.stdout.flush()


def log_to_stderr() -> None:
    """JSON lines for machines, plain ones on a terminal; ROCKSEG_LOG_LEVEL (default warning) says from which level.

    Raises SettingsError for a level that there is not.
    """
    name = os.environ.get("ROCKSEG_LOG_LEVEL", "").strip().lower() or "warning"
    if name not in LEVELS:
        raise SettingsError(f"ROCKSEG_LOG_LEVEL does not fit (it takes one of {', '.join(LEVELS)}).")
    level = logging.getLevelNamesMapping()[name.upper()]
    terminal = sys.stderr.isatty()
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_text,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
