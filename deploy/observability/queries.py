"""PromQL in the words of the dashboards. `$namespace` and `$__rate_interval` are filled in by Grafana."""

from typing import Final

NAMESPACE: Final = 'namespace=~"$namespace"'

SUBMIT: Final = ('route="/predict"', 'method="POST"')

API_UP: Final = "rockseg_api_build_info"
"""There wherever a replica of the API is scraped."""

WORKER_UP: Final = "rockseg_worker_build_info"
"""There wherever a worker has loaded its model."""


def of(metric: str, *matchers: str) -> str:
    """The series of a metric in the namespaces chosen; a matcher such as `status=~"5.."`."""
    return f"{metric}{{{','.join((NAMESPACE, *matchers))}}}"


def rate(metric: str, *matchers: str) -> str:
    """A second, of each series."""
    return f"rate({of(metric, *matchers)}[$__rate_interval])"


def increase(metric: str, *matchers: str, over: str = "$__rate_interval") -> str:
    return f"increase({of(metric, *matchers)}[{over}])"


def total(series: str, *by: str) -> str:
    return _over("sum", series, by)


def rounded(series: str) -> str:
    """Prometheus extrapolates increases, and half a worker is none."""
    return f"round ({series})"


def largest(series: str, *by: str) -> str:
    return _over("max", series, by)


def smallest(series: str, *by: str) -> str:
    return _over("min", series, by)


def number(series: str, *by: str) -> str:
    """How many series."""
    return _over("count", series, by)


def quantile(share: float, histogram: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Below it lies `share` (0 to 1) of what was observed of late."""
    return f"histogram_quantile({share}, {total(rate(f'{histogram}_bucket', *matchers), 'le', *by)})"


def share(part: str, whole: str) -> str:
    """0 to 1; nothing where the whole is nothing."""
    return f"{part} / ({whole} > 0)"


def or_none(series: str, label: str, seen: str) -> str:
    """`series` above 0, or a line at 0 that is named none, as long as the metric `seen` is scraped at all.

    A graph that is empty does not say whether nothing happened or nothing was asked.
    """
    nothing = f'label_replace(0 * {number(of(seen))}, "{label}", "none", "", "")'
    return f"({series} > 0) or on () {nothing}"


def or_zero(series: str, seen: str) -> str:
    """0 in place of nothing, as long as the metric `seen` is scraped at all."""
    return f"{series} or on () 0 * {number(of(seen))}"


def _over(operator: str, series: str, by: tuple[str, ...]) -> str:
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"{operator}{grouped} ({series})"
