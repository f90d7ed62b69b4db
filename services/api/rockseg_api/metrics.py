"""All metrics of the API, each with why it exists. No label holds a client's words, a tenant or an id."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Final, Literal, NamedTuple, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily

FAST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metric(NamedTuple):
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    why: str


CATALOGUE: Final[dict[str, Metric]] = {
    "rockseg_api_requests_total": Metric(
        "counter", ("route", "method", "status"), "The service's load and its share of errors, by route."
    ),
    "rockseg_api_request_seconds": Metric(
        "histogram", ("route",), "How long clients wait, from the first header to the last byte of the answer."
    ),
    "rockseg_api_submits_total": Metric("counter", (), "Jobs accepted with 202: to be held against those that end."),
    "rockseg_api_refused_total": Metric(
        "counter", ("code",), "Why requests are refused: a bad client release shows here first."
    ),
    "rockseg_api_rate_limited_total": Metric(
        "counter", (), "Whether the limit is too tight for its users, or a loop runs wild."
    ),
    "rockseg_api_upload_bytes_total": Metric("counter", (), "Bytes of photos accepted: what the store has to hold."),
    "rockseg_api_upload_memory_bytes": Metric(
        "gauge", (), "Bytes of uploads in memory now, of ROCKSEG_UPLOAD_MEMORY_BYTES."
    ),
    "rockseg_api_answer_memory_bytes": Metric(
        "gauge", (), "Bytes of results in memory now, of ROCKSEG_ANSWER_MEMORY_BYTES: clients that do not read hold it."
    ),
    "rockseg_api_view_ready": Metric(
        "gauge", (), "1 once the job view has caught up with the log: a replica that stays 0 serves nobody."
    ),
    "rockseg_api_view_lag_records": Metric(
        "gauge", (), "Records in the log that the view has yet to apply, as of its last look: reads wait for them."
    ),
    "rockseg_api_view_catch_up_seconds": Metric(
        "gauge", (), "How long the view last took to catch up with the log: what the startup probe has to allow."
    ),
    "rockseg_api_view_rebuilds_total": Metric(
        "counter", (), "How often the view was read anew: more than once is a bad disk or a log made anew."
    ),
    "rockseg_api_view_applied_total": Metric(
        "counter", (), "Records that the view has applied: its progress, and its standing still."
    ),
    "rockseg_api_view_file_bytes": Metric(
        "gauge",
        (),
        "Bytes of the view's file, which grows with the jobs of a lifetime: a full volume ends the replica.",
    ),
    "rockseg_api_view_limit_bytes": Metric(
        "gauge", (), "Bytes that its volume has, as ROCKSEG_VIEW_MAX_BYTES says; 0 where nobody said it."
    ),
    "rockseg_api_undecodable_records_total": Metric(
        "counter", (), "Records on the topics that are none of ours: skipped, and each worth an alert."
    ),
    "rockseg_api_render_seconds": Metric(
        "histogram", (), "What drawing an overlay costs: when to raise ROCKSEG_RENDER_WORKERS."
    ),
    "rockseg_api_sweep_failures_total": Metric(
        "counter", (), "Jobs that are over and whose objects could not be deleted: photos are kept beyond their time."
    ),
    "rockseg_api_log_reachable": Metric(
        "gauge", (), "0 while the log does not answer: submits get 503, and reads are answered from what was known."
    ),
    "rockseg_api_log_faults_total": Metric(
        "counter", ("reason",), "Requests and erasures that the log did not confirm, and why: each was a 503."
    ),
    "rockseg_api_stale_reads_total": Metric(
        "counter", (), "Answers given without the log: it was slower than the read barrier waits."
    ),
    "rockseg_api_store_reachable": Metric(
        "gauge", (), "0 while the store does not answer /readyz: submits get 503. It hangs unseen by any other figure."
    ),
    "rockseg_api_store_faults_total": Metric(
        "counter", ("reason",), "What the store says when it refuses or fails a call: `AccessDenied` is no outage."
    ),
    "rockseg_api_unfinished_jobs": Metric(
        "gauge", ("status",), "Jobs that wait or run, of all tenants; each replica tells the same, so take the highest."
    ),
    "rockseg_api_oldest_unfinished_seconds": Metric(
        "gauge", (), "Age of the oldest job that has not ended: the one figure that grows whatever stands still."
    ),
    "rockseg_api_lifetime_seconds": Metric(
        "gauge", (), "ROCKSEG_LIFETIME_SECONDS: what the age of the oldest job is judged by, for it ends there."
    ),
    "rockseg_api_build_info": Metric("gauge", ("version",), "1; which release runs where."),
}


class WatchedView(Protocol):
    """What a job view tells of itself."""

    @property
    def ready(self) -> bool: ...
    @property
    def lag_records(self) -> int: ...
    @property
    def log_reachable(self) -> bool: ...
    @property
    def catch_up_seconds(self) -> float: ...
    @property
    def applied_records(self) -> int: ...
    @property
    def rebuilds(self) -> int: ...
    @property
    def undecodable_records(self) -> int: ...
    @property
    def file_bytes(self) -> int: ...


class ApiMetrics:
    """The catalogue's collectors in a registry of their own or a shared one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str) -> Counter:
            return Counter(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry)

        def gauge(name: str) -> Gauge:
            return Gauge(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry)

        def histogram(name: str) -> Histogram:
            return Histogram(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry, buckets=FAST_BUCKETS)

        self.registry = registry
        self.requests = counter("rockseg_api_requests_total")
        self.seconds = histogram("rockseg_api_request_seconds")
        self.submits = counter("rockseg_api_submits_total")
        self.refused = counter("rockseg_api_refused_total")
        self.rate_limited = counter("rockseg_api_rate_limited_total")
        self.upload_bytes = counter("rockseg_api_upload_bytes_total")
        self.upload_memory = gauge("rockseg_api_upload_memory_bytes")
        self.answer_memory = gauge("rockseg_api_answer_memory_bytes")
        self.view_ready = gauge("rockseg_api_view_ready")
        self.view_lag = gauge("rockseg_api_view_lag_records")
        self.catch_up_seconds = gauge("rockseg_api_view_catch_up_seconds")
        self.view_file = gauge("rockseg_api_view_file_bytes")
        self.view_limit = gauge("rockseg_api_view_limit_bytes")
        self.lifetime = gauge("rockseg_api_lifetime_seconds")
        self.log_reachable = gauge("rockseg_api_log_reachable")
        self.log_faults = counter("rockseg_api_log_faults_total")
        self.render_seconds = histogram("rockseg_api_render_seconds")
        self.sweep_failures = counter("rockseg_api_sweep_failures_total")
        self.stale_reads = counter("rockseg_api_stale_reads_total")
        self.store_reachable = gauge("rockseg_api_store_reachable")
        self.store_reachable.set(1)  # unless /readyz, which a kubelet asks all the time, finds otherwise
        self.store_faults = counter("rockseg_api_store_faults_total")
        self.unfinished = gauge("rockseg_api_unfinished_jobs")
        self.oldest_unfinished = gauge("rockseg_api_oldest_unfinished_seconds")
        gauge("rockseg_api_build_info").labels(version("rockseg-api")).set(1)
        for status in ("202", "500", "503"):  # there at 0: an increase sees no first count that comes with the series
            self.requests.labels("/predict", "POST", status)

    def watch_view(self, view: WatchedView) -> None:
        """Read the view's own figures whenever Prometheus asks, on its thread: plain numbers, and a file's size."""
        self.view_ready.set_function(lambda: view.ready)
        self.view_lag.set_function(lambda: view.lag_records)
        self.catch_up_seconds.set_function(lambda: view.catch_up_seconds)
        self.view_file.set_function(lambda: view.file_bytes)
        self.log_reachable.set_function(lambda: view.log_reachable)
        self.registry.register(_Total("rockseg_api_view_applied_total", lambda: view.applied_records))
        self.registry.register(_Total("rockseg_api_view_rebuilds_total", lambda: view.rebuilds))
        self.registry.register(_Total("rockseg_api_undecodable_records_total", lambda: view.undecodable_records))


class _Total:
    """A counter whose figure somebody else keeps."""

    def __init__(self, name: str, read: Callable[[], int]) -> None:
        self._name = name
        self._read = read

    def collect(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, CATALOGUE[self._name].why, value=self._read())


def metrics_table() -> str:
    """The catalogue as a Markdown table, for the docs."""
    rows = ["| metric | kind | labels | why |", "|---|---|---|---|"]
    rows += [
        f"| `{name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.why} |"
        for name, metric in CATALOGUE.items()
    ]
    return "\n".join(rows) + "\n"
