"""What every command that speaks to the brokers says when it cannot."""

import functools
import logging
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import rich_click as click
import structlog

from rockseg_core.domain.errors import LogUnavailableError, RocksegError, TransientError

EXIT_PROBLEM = 1
EXIT_USAGE = 2

P = ParamSpec("P")


def brokers_needed(command: Callable[P, None]) -> Callable[P, None]:
    """A wrong setting or argument is one sentence and exit code 2; a part that is away or refuses, one and 1."""

    @functools.wraps(command)
    def told(*arguments: P.args, **named: P.kwargs) -> None:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the sentence says it
        before = structlog.get_config()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        try:
            command(*arguments, **named)
        except LogUnavailableError as error:
            _end(f"{error.sentence} (brokers: {os.environ.get('ROCKSEG_KAFKA_BROKERS')})", EXIT_PROBLEM)
        except TransientError as error:
            _end(error.sentence, EXIT_PROBLEM)
        except RocksegError as error:
            _end(error.sentence, EXIT_USAGE)
        finally:
            structlog.configure(**before)

    return told


def _end(sentence: str, code: int) -> None:
    click.echo(f"rockseg: {sentence}", err=True)
    sys.exit(code)
