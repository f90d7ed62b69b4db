from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest

from rockseg_api.metrics import CATALOGUE, ApiMetrics, metrics_table


@dataclass
class View:
    ready: bool = False
    lag_records: int = 7
    applied_records: int = 3
    rebuilds: int = 1
    undecodable_records: int = 2
    log_reachable: bool = True
    catch_up_seconds: float = 1.5
    file_bytes: int = 4096


def test_the_catalogue_is_what_prometheus_sees() -> None:
    registry = CollectorRegistry()
    metrics = ApiMetrics(registry)
    metrics.watch_view(View())
    text = generate_latest(registry).decode()
    for name, metric in CATALOGUE.items():
        assert f"# TYPE {name} {metric.kind}\n" in text
        assert f"# HELP {name} {metric.why}\n" in text
    assert {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} - set(CATALOGUE) == {
        f"{name.removesuffix('_total')}_created"
        for name, metric in CATALOGUE.items()
        if metric.kind in {"counter", "histogram"} and f"{name.removesuffix('_total')}_created" in text
    }


def test_the_view_s_figures_are_read_when_asked_for() -> None:
    registry = CollectorRegistry()
    view = View()
    ApiMetrics(registry).watch_view(view)
    assert registry.get_sample_value("rockseg_api_view_ready") == 0
    view.ready, view.lag_records = True, 0
    assert registry.get_sample_value("rockseg_api_view_ready") == 1
    assert registry.get_sample_value("rockseg_api_view_lag_records") == 0
    assert registry.get_sample_value("rockseg_api_undecodable_records_total") == 2
    assert registry.get_sample_value("rockseg_api_view_rebuilds_total") == 1
    assert registry.get_sample_value("rockseg_api_view_file_bytes") == 4096


def test_two_services_share_a_registry_without_a_clash_of_names() -> None:
    assert all(name.startswith("rockseg_api_") for name in CATALOGUE)
    assert all(f"| `{name}` |" in metrics_table() for name in CATALOGUE)


def test_what_the_objective_of_submits_is_told_by_is_there_at_zero_from_the_start() -> None:
    registry = CollectorRegistry()
    ApiMetrics(registry)
    for status in ("202", "500", "503"):
        labels = {"route": "/predict", "method": "POST", "status": status}
        assert registry.get_sample_value("rockseg_api_requests_total", labels) == 0
