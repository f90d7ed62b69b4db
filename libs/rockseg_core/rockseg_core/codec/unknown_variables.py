"""ROCKSEG_ variables that nothing reads: a typo in a setting goes unheard otherwise."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from rockseg_core.codec.settings import PREFIX

OF_THE_TESTS: Final = ("ROCKSEG_TEST_", "ROCKSEG_REQUIRE_REAL", "ROCKSEG_CACHE")
# What Kubernetes sets for a Service that is named rockseg-something.
_SERVICE_LINK: Final = re.compile(r"_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP)")


def variables_of(settings: type[msgspec.Struct], prefix: str = PREFIX) -> frozenset[str]:
    return frozenset(prefix + field.upper() for field in settings.__struct_fields__)


def unknown_variables(environ: Mapping[str, str], known: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Each that is not `known`, with the nearest of those that are."""
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in known or variable.startswith(OF_THE_TESTS):
            continue
        if not _SERVICE_LINK.search(variable) and "://" not in environ[variable][:6]:
            yield variable, next(iter(difflib.get_close_matches(variable, known, n=1)), None)
