"""`python -m deploy.observability.rendering DASHBOARD.json PROMETHEUS_URL PICTURE.png`: a dashboard with its data.

Grafana comes in no package registry; this draws each panel's queries with its kind, unit and legend, so that a
dashboard can be looked at wherever a Prometheus runs.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from deploy.observability.rendering.page import asked, drawn
from deploy.observability.rendering.prometheus import Prometheus, Span

POINTS = 120  # about one for each 4 px of a graph


def main() -> int:
    """0; or 1, and which, where queries have no data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dashboard", type=Path)
    parser.add_argument("prometheus")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0, help="how far back")
    parser.add_argument("--namespace", default=".*")
    parser.add_argument("--rate-interval", default="1m", help="at least four times the scrape's interval")
    given = parser.parse_args()
    now = time.time()
    span = Span(now - 60 * given.minutes, now, max(1.0, 60 * given.minutes / POINTS))
    dashboard = json.loads(given.dashboard.read_text(encoding="utf-8"))
    prometheus = Prometheus(given.prometheus, namespace=given.namespace, rate_interval=given.rate_interval)
    answers = asked(dashboard, prometheus, span)
    drawn(dashboard, answers, span).save(given.picture)
    empty = [answer for answer in answers if not answer.series]
    for answer in empty:
        sys.stderr.write(f"no data: {answer.panel}: {answer.expr}\n")
    return bool(empty)


if __name__ == "__main__":
    sys.exit(main())
