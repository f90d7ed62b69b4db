"""The ROCKSEG_ variables that `rockseg up` reads, and a word about those that nothing reads."""

from collections.abc import Mapping
from typing import Final

from rockseg_api.settings import ApiSettings
from rockseg_core.codec.unknown_variables import unknown_variables, variables_of
from rockseg_inference.settings import WorkerSettings
from rockseg_standalone.terminal import plain

OWN: Final = frozenset({"ROCKSEG_MODEL", "ROCKSEG_LOG_LEVEL"})
OF_OTHERS: Final = ("ROCKSEG_KAFKA_", "ROCKSEG_S3_")  # of the services


def warn_of_unknown(environ: Mapping[str, str]) -> None:
    """A line for each variable that looks like a setting and is none: it would go unheard."""
    known = OWN | variables_of(ApiSettings) | variables_of(WorkerSettings)
    for variable, near in unknown_variables(environ, known):
        if not variable.startswith(OF_OTHERS):
            meant = f"; did you mean {near}?" if near else "."
            plain(stderr=True).print(f"{variable} is no setting and was not read{meant}")
