"""What `rockseg up` says to the person who started it: stdout for them, stderr for the log."""

import logging
import os
import sys

import structlog
from rich.console import Console

from rockseg_core.domain.job import ModelRef
from rockseg_standalone.home import Home

_out = Console(highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    _out.print(sentence, markup=False)


def say_ready(address: str, api_key: str, home: Home, model: ModelRef, *, first_run: bool) -> None:
    """Where it is, and a line that works."""
    if first_run:
        say(f"Made an API key for you; it is kept in {home.api_key_file}.")
    say(f"Data in {home.folder}, model {model.name} {model.version}.")
    say("Try it:")
    say(f'  curl -H "api-key: {api_key}" -F file=@core.jpg {address}/predict')
    say(f'  curl -H "api-key: {api_key}" "{address}/job/JOB_ID?form=png" -o overlay.png')
    say(f"Ready at {address} (its API is described at {address}/schema). Ctrl-C stops it.")
    sys.stdout.flush()


def log_to_stderr() -> None:
    """JSON lines for machines, plain ones on a terminal; ROCKSEG_LOG_LEVEL (default warning) says from which level."""
    names = logging.getLevelNamesMapping()
    level = names.get(os.environ.get("ROCKSEG_LOG_LEVEL", "").upper(), logging.WARNING)
    terminal = sys.stderr.isatty()
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
