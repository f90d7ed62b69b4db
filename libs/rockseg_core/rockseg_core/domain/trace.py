"""W3C trace context (version 00), carried from the request of a client through the log to the worker's lines.

https://www.w3.org/TR/trace-context/#traceparent-header. We make no spans of our own: one id ties the lines together.
"""

import random
import re
from contextvars import ContextVar
from typing import Final

_random: Final = random.Random()
_FORM: Final = re.compile(r"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})")
_LENGTH: Final = 55

current: Final[ContextVar[str | None]] = ContextVar("traceparent", default=None)
"""The traceparent of what this task works on; None where nobody traces."""


def accepted(traceparent: str | None) -> str:
    """What came, if it is one; else a new one: a client's mistake must not end a trace that begins with us.

    Of a higher version, what version 00 knows of it, as the specification has it.
    """
    if traceparent is not None and (found := _FORM.match(traceparent)):
        rest = traceparent[_LENGTH:]
        if not rest or (rest[0] == "-" and not traceparent.startswith("00")):
            return f"00-{found[1]}"
    # Ids are no secrets: the operating system's randomness costs a system call, twice a request.
    return f"00-{_random.getrandbits(128) | 1:032x}-{_random.getrandbits(64) | 1:016x}-00"


def trace_id(traceparent: str) -> str:
    """32 hex digits; of a text that `accepted` gave."""
    return traceparent[3:35]
