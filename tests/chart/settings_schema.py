"""`api.settings` and `inference.settings` of the chart's schema, as the services' own settings classes have them.

`python -m tests.chart.settings_schema` writes them into values.schema.json; a test holds the file against them.
"""

import json
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import msgspec

from rockseg_api.settings import ApiSettings
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_inference.settings import WorkerSettings

SCHEMA: Final = Path(__file__).parents[2] / "deploy" / "helm" / "rockseg" / "values.schema.json"

# What the chart sets from values that have names of their own.
OF_THE_CHART: Final = frozenset(
    [
        "host",
        "port",
        "metrics_host",
        "metrics_port",
        "keys_file",
        "view_path",
        "view_max_bytes",
        "photo_max_bytes",
        "photo_max_pixels",
        "lifetime_seconds",
        "object_prefix",
        "drain_seconds",
    ]
)


def settings_schemas() -> dict[str, Any]:
    """The two definitions, by name."""
    return {
        "apiSettings": _closed(_properties(ApiSettings, OF_THE_CHART)),
        "inferenceSettings": _closed(
            _properties(WorkerSettings, OF_THE_CHART) | _properties(GroupSettings, (), "kafka_")
        ),
    }


def _properties(settings: type[msgspec.Struct], without: Collection[str], prefix: str = "") -> dict[str, Any]:
    (found,) = msgspec.json.schema_components([settings], schema_hook=_path)[1].values()
    return {
        _camel(prefix + name): {key: value for key, value in described.items() if key != "default"}
        for name, described in found["properties"].items()
        if name not in without
    }


def _path(_kind: type) -> dict[str, Any]:
    return {"type": "string"}


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda letter: letter[1].upper(), name)


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


if __name__ == "__main__":
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    document["$defs"] |= settings_schemas()
    SCHEMA.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"wrote {SCHEMA.name}\n")
