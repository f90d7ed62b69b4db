"""What both dashboards have in common: where their data come from, and the alerts that fire."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.models import dashboard

from deploy.observability.panels import SOURCE
from deploy.observability.queries import of

FIRING: Final = ('alertname=~"Rockseg.*"', 'alertstate="firing"')
"""Of Prometheus' own series ALERTS those that are worth a look."""

Panel: TypeAlias = stat.Panel | timeseries.Panel | table.Panel


def board(title: str, uid: str, description: str) -> builders.Dashboard:
    """An empty dashboard."""
    return (
        builders.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["rockseg"])
        .timezone("browser")
        .time("now-3h", "now")
        .refresh("30s")
        .readonly()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .with_variable(builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(
            builders.QueryVariable("namespace")
            .label("Namespace")
            .datasource(SOURCE)
            .query("label_values(rockseg_api_build_info, namespace)")
            .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
            .include_all(True)
            .all_value(".*")  # also where there is no such label, as outside Kubernetes
            .current(dashboard.VariableOption(text="All", value="$__all"))
        )
        .annotation(
            builders.AnnotationQuery()
            .name("Alerts")
            .datasource(SOURCE)
            .enable(True)
            .icon_color("red")
            .expr(of("ALERTS", *FIRING))
        )
        .link(
            builders.DashboardLink("rockseg")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags(["rockseg"])
            .keep_time(True)
            .include_vars(True)
        )
    )


def filled(empty: builders.Dashboard, rows: Mapping[str, Sequence[Panel]]) -> dashboard.Dashboard:
    """The panels laid out under their rows' titles, and numbered, so that a link to one stays a link to it."""
    for title, panels in rows.items():
        empty = empty.with_row(builders.Row(title))
        for panel in panels:
            empty = empty.with_panel(panel)
    made = empty.build()
    for number, placed in enumerate(made.panels or (), 1):
        placed.id_val = number
    return made
