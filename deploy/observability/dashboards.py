"""The dashboards by the names of their files in the chart."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.observability.service import service
from deploy.observability.workers import workers

FOLDER: Final = Path(__file__).parents[1] / "helm" / "rockseg" / "dashboards"

DASHBOARDS: Final[Mapping[str, Callable[[], Dashboard]]] = {"service": service, "workers": workers}


def written(dashboard: Dashboard) -> str:
    """As the file in the chart has it."""
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
