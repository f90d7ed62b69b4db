"""The ROCKSEG_ variables that `rockseg up` reads, and a word about those that nothing reads."""

import difflib
from collections.abc import Mapping
from typing import Final

import msgspec

from rockseg_api.settings import ApiSettings
from rockseg_core.codec.settings import PREFIX
from rockseg_inference.settings import WorkerSettings
from rockseg_standalone.terminal import plain

OWN: Final = frozenset({"ROCKSEG_MODEL", "ROCKSEG_LOG_LEVEL"})
OF_OTHERS: Final = ("ROCKSEG_KAFKA_", "ROCKSEG_S3_", "ROCKSEG_REQUIRE_REAL")  # of the services, and of the tests


def warn_of_unknown(environ: Mapping[str, str]) -> None:
    """A line for each variable that looks like a setting and is none: it would go unheard."""
    known = OWN | {
        PREFIX + field.name.upper()
        for settings in (ApiSettings, WorkerSettings)
        for field in msgspec.structs.fields(settings)
    }
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and variable not in known and not variable.startswith(OF_OTHERS):
            near = difflib.get_close_matches(variable, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else "."
            plain(stderr=True).print(f"{variable} is no setting and was not read{meant}")
