"""What is wrong with somebody's photos and labels."""

from collections.abc import Sequence
from typing import Final

from rockseg_core.domain.errors import UsageError

NAMED: Final = 5  # of many files with one fault, so many are named


class DatasetError(UsageError):
    """A folder of labelled photos that cannot be learned from; the sentence names the file and what would mend it."""

    code = "dataset_invalid"


def listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
