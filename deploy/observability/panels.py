"""Three kinds of panel are enough, each with a unit and a sentence that says what to make of it."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from deploy.observability.queries import or_none, quantile, total

SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")

GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"


class Query(NamedTuple):
    """What is asked, and how its lines are called: `{{label}}` stands for a label's value."""

    expr: str
    legend: str


Steps: TypeAlias = Sequence[tuple[float | None, str]]
"""Colours, each from a value on; None is the least there is."""


def rising(orange: float, red: float) -> Steps:
    """More is worse."""
    return [(None, GREEN), (orange, ORANGE), (red, RED)]


def falling(orange: float, red: float) -> Steps:
    """Less is worse: red below `red`, orange below `orange`."""
    return [(None, RED), (red, ORANGE), (orange, GREEN)]


def quantiles(histogram: str, *matchers: str) -> Sequence[Query]:
    """What half of the observations, 95 % and 99 % are below."""
    shares = {0.5: "half", 0.95: "95 %", 0.99: "99 %"}
    return [Query(quantile(share, histogram, *matchers), name) for share, name in shares.items()]


def seldom(series: str, label: str, seen: str) -> Query:
    """A line for each value of `label` that occurs; `none` at 0 where none does, and `seen` is scraped."""
    return Query(or_none(total(series, label), label, seen), f"{{{{{label}}}}}")


def figure(
    title: str, description: str, unit: str, expr: str, *, steps: Steps = (), nothing: str = "no data"
) -> stat.Panel:
    """One number, as of now; six a line."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .no_value(nothing)
        .span(4)
        .height(4)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.BACKGROUND if steps else common.BigValueColorMode.VALUE)
        .thresholds(_thresholds(steps or [(None, BLUE)]))
        .with_target(_asked(Query(expr, title), "A"))
    )


def objective(title: str, description: str, expr: str, *, steps: Steps, nothing: str) -> stat.Panel:
    """A share of what went well: with decimals, since 99.85 % is not 100 %."""
    return figure(title, description, "percentunit", expr, steps=steps, nothing=nothing).decimals(2)


def answers(title: str, description: str, expr: str) -> stat.Panel:
    """Whether something answers: yes or no."""
    words = {"0": ("no", RED), "1": ("yes", GREEN)}
    mapping = dashboard.ValueMap(
        options={value: dashboard.ValueMappingResult(text=text, color=color) for value, (text, color) in words.items()}
    )
    return figure(title, description, "none", expr, steps=[(None, RED), (1, GREEN)]).mappings([mapping])


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    stacked: bool = False,
    bars: bool = False,
    limit: float = 0,
) -> timeseries.Panel:
    """Lines over time, from 0; three a row. `limit` is drawn as a red line."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .min(0)
        .span(8)
        .height(8)
        .line_width(0 if bars else 1)
        .draw_style(common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE)
        .fill_opacity(80 if bars else 40 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .stacking(
            common_builders.StackingConfig().mode(common.StackingMode.NORMAL if stacked else common.StackingMode.NONE)
        )
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.TABLE)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
        )
    )
    for query, name in zip(queries, "ABCDEFGH", strict=False):
        panel = panel.with_target(_asked(query, name))
    if limit:
        panel = panel.thresholds(_thresholds([(None, GREEN), (limit, RED)])).thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    return panel


def listing(title: str, description: str, expr: str, value: str, hidden: tuple[str, ...] = ()) -> table.Panel:
    """A row for each series: its labels, and its value under the name `value`."""
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit("short")
        .span(8)
        .height(8)
        .align(common.FieldTextAlignment.AUTO)
        .inspect(False)
        .with_target(
            prometheus.Dataquery().expr(expr).ref_id("A").instant().format(PromQueryFormat.TABLE).datasource(SOURCE)
        )
        .with_transformation(
            dashboard.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": dict.fromkeys(("Time", *hidden), True),
                    "renameByName": {"Value": value},
                },
            )
        )
    )


def _asked(query: Query, name: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(name).range().datasource(SOURCE)


def _thresholds(points: Steps) -> dashboard_builders.ThresholdsConfig:
    steps = [dashboard.Threshold(value, color) for value, color in points]
    return dashboard_builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
