"""A dispatch that has one partition, and what it would start."""

from collections.abc import Sequence

from rockseg_core.domain.dispatch import Dispatch
from rockseg_core.domain.window import Window

LIMIT = 3


def assigned(window: Window | None = None, records: Sequence[int] = (), limit: int = LIMIT) -> Dispatch[str]:
    dispatch: Dispatch[str] = Dispatch(limit)
    dispatch.assign(0, window or Window(), 0)
    for offset in records:
        assert dispatch.arrive(0, offset, f"record {offset}", since=0)
    return dispatch


def starts(dispatch: Dispatch[str]) -> list[tuple[int, int]]:
    found = []
    while (start := dispatch.next()) is not None:
        assert start.record == f"record {start.position.offset}"
        found.append((start.position.offset, start.attempt))
    return found
