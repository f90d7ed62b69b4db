"""The dashboard "Service": what clients see, and the parts behind it."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.observability import service_now, service_parts, service_traffic
from deploy.observability.board import board, filled


def service() -> Dashboard:
    empty = board(
        "rockseg / Service",
        "rockseg-service",
        "What clients of rockseg see: photos accepted, results given back, errors; and the log, the store and the"
        " views behind them. All figures green: nothing to do.",
    )
    rows = {
        "Is it well?": service_now.figures(),
        "Accept": service_traffic.accept(),
        "Results": service_traffic.results(),
        "Log, store and views": service_parts.parts(),
    }
    return filled(empty, rows)
