"""All metrics of the worker, each with why it exists. No label holds a client's words, a tenant or an id."""

from importlib.metadata import version
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from rockseg_inference.exits import ExitReason

# From a null model's millisecond to a 64 MP photo on a processor.
WORK_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Seconds where the service is healthy, hours where it is not.
WAIT_BUCKETS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0)
TILE_BUCKETS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Metric(NamedTuple):
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    why: str


CATALOGUE: Final[dict[str, Metric]] = {
    "rockseg_jobs_ended_total": Metric(
        "counter",
        ("outcome", "reason"),
        "The promise to clients: how deliveries end, and of what those failed that fail.",
    ),
    "rockseg_job_queue_seconds": Metric(
        "histogram", (), "From acceptance to start: too few workers show here before anywhere else."
    ),
    "rockseg_job_seconds": Metric(
        "histogram", (), "From acceptance to finished or failed: what a client waits, and what the objective is set on."
    ),
    "rockseg_job_stage_seconds": Metric(
        "histogram", ("stage",), "Which stage to mend when jobs are slow; `forward` includes the wait for the device."
    ),
    "rockseg_worker_jobs_in_flight": Metric(
        "gauge",
        (),
        "At its limit for long: store, log or device hold it up. Zero while jobs wait: it is given no work.",
    ),
    "rockseg_worker_batch_tiles": Metric(
        "histogram", (), "Whether batches fill: small ones on a busy GPU mean that its input is starved."
    ),
    "rockseg_worker_device_busy_seconds_total": Metric(
        "counter", (), "Its rate is the device's utilisation: the figure to judge a scale step by."
    ),
    "rockseg_worker_repeated_deliveries_total": Metric(
        "counter", (), "Deliveries with attempt 2 or more: a killed worker says nothing, its successor counts here."
    ),
    "rockseg_worker_transient_faults_total": Metric(
        "counter", ("step", "code"), "An outage of store or log, and the step that meets it, while no job fails of it."
    ),
    "rockseg_worker_store_faults_total": Metric(
        "counter", ("reason",), "What the store says when it refuses or fails a call: `AccessDenied` is no outage."
    ),
    "rockseg_worker_log_faults_total": Metric(
        "counter",
        ("reason",),
        "Why records were not confirmed, in Kafka's words: a missing ACL is no outage.",
    ),
    "rockseg_worker_group_events_total": Metric(
        "counter", ("event",), "Rebalances, refused commits and partitions lost: a restless group does no work."
    ),
    "rockseg_worker_self_tests_total": Metric(
        "counter", ("result",), "Self-tests are made after faults alone: passed means bad jobs, failed a bad machine."
    ),
    "rockseg_worker_exits_total": Metric(
        "counter",
        ("reason",),
        "Exits that were decided, counted when they begin: a restart without one was a crash. A worker at fault waits"
        " to be scraped once more. An idle drain may be shorter than a scrape's interval; the exit code tells of it.",
    ),
    "rockseg_worker_started_timestamp_seconds": Metric(
        "gauge", (), "When this process began: a change is a restart, and one without a counted exit was a crash."
    ),
    "rockseg_worker_build_info": Metric(
        "gauge", ("version", "model", "model_version", "device"), "1; which release and model run where."
    ),
}


class WorkerMetrics:
    """The catalogue's collectors in a registry of their own or a shared one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str) -> Counter:
            return Counter(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry)

        def gauge(name: str) -> Gauge:
            return Gauge(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry)

        def histogram(name: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, CATALOGUE[name].why, CATALOGUE[name].labels, registry=registry, buckets=buckets)

        self.jobs = counter("rockseg_jobs_ended_total")
        self.queue_seconds = histogram("rockseg_job_queue_seconds", WAIT_BUCKETS)
        self.job_seconds = histogram("rockseg_job_seconds", WAIT_BUCKETS)
        self.stage_seconds = histogram("rockseg_job_stage_seconds", WORK_BUCKETS)
        self.in_flight = gauge("rockseg_worker_jobs_in_flight")
        self.batch_tiles = histogram("rockseg_worker_batch_tiles", TILE_BUCKETS)
        self.device_seconds = counter("rockseg_worker_device_busy_seconds_total")
        self.repeats = counter("rockseg_worker_repeated_deliveries_total")
        self.waits = counter("rockseg_worker_transient_faults_total")
        self.store_faults = counter("rockseg_worker_store_faults_total")
        self.log_faults = counter("rockseg_worker_log_faults_total")
        self.group_events = counter("rockseg_worker_group_events_total")
        self.self_tests = counter("rockseg_worker_self_tests_total")
        self.exits = counter("rockseg_worker_exits_total")
        gauge("rockseg_worker_started_timestamp_seconds").set_to_current_time()
        self._build = gauge("rockseg_worker_build_info")
        # There from the start at 0: an increase sees no first count that comes with the series itself.
        for counted, values in (
            (self.log_faults, ("timed_out", "not_connected")),
            (self.self_tests, ("passed", "failed")),
            (self.exits, [reason.value for reason in ExitReason]),
        ):
            for value in values:
                counted.labels(value)

    def name_build(self, *, model: str, model_version: str, device: str) -> None:
        """Say which release and model run here."""
        self._build.labels(version("rockseg-inference"), model, model_version, device).set(1)


def metrics_table() -> str:
    """The catalogue as a Markdown table, for the docs."""
    rows = ["| metric | kind | labels | why |", "|---|---|---|---|"]
    rows += [
        f"| `{name}` | {metric.kind} | {', '.join(metric.labels)} | {metric.why} |"
        for name, metric in CATALOGUE.items()
    ]
    return "\n".join(rows) + "\n"
