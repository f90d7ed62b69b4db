"""The dashboard "Workers": the queue, what workers make of it, and why they end."""

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.observability import workers_faults
from deploy.observability.board import Panel, board, filled
from deploy.observability.panels import Query, figure, graph, rising
from deploy.observability.queries import (
    API_UP,
    WORKER_UP,
    increase,
    largest,
    number,
    of,
    or_zero,
    quantile,
    rate,
    rounded,
    total,
)

OURS: Final = ('outcome="failed"', 'reason=~"worker_crashed|internal_error"')


def workers() -> Dashboard:
    empty = board(
        "rockseg / Workers",
        "rockseg-workers",
        "The queue of rockseg and the workers that empty it: how many there are, how busy their devices, what fails"
        " and why workers end. Without workers, most graphs are empty: nothing waits, or see the runbook.",
    )
    return filled(
        empty,
        {
            "Now": _now(),
            "Queue and throughput": _throughput(),
            "Device": _device(),
            "Attempts and exits": workers_faults.attempts(),
            "Parts that workers wait for": workers_faults.parts(),
        },
    )


def _now() -> Sequence[Panel]:
    return [
        figure(
            "Workers",
            "Workers that have loaded their model. None is well while nothing waits; KEDA starts some when jobs come.",
            "none",
            or_zero(number(of(WORKER_UP)), API_UP),
        ),
        figure(
            "Jobs that wait",
            "Accepted jobs that no worker has begun: what KEDA scales by, save that its lag counts running ones too.",
            "short",
            largest(of("rockseg_api_unfinished_jobs", 'status="queued"')),
        ),
        figure(
            "Jobs that run",
            "Jobs that a worker has begun and not ended, those that wait for a part among them.",
            "short",
            largest(of("rockseg_api_unfinished_jobs", 'status="started"')),
        ),
        figure(
            "Device busy",
            "Share of the time that the workers' devices computed. Near 100 % while jobs wait: more workers would"
            " help. Low while jobs wait: the device is starved, see seconds by stage.",
            "percentunit",
            f"avg ({rate('rockseg_worker_device_busy_seconds_total')})",
            nothing="no workers",
        ),
        figure(
            "Jobs given up, 24 h",
            "Jobs that failed by our fault within a day and lie in the dead-letter topic: worker_crashed,"
            " internal_error.",
            "short",
            or_zero(rounded(total(increase("rockseg_jobs_ended_total", *OURS, over="24h"))), API_UP),
            steps=rising(0.5, 10),
        ),
        figure(
            "Workers at fault, 24 h",
            "Workers that found themselves at fault within a day and ended with exit code 70, about: Prometheus"
            " extrapolates. Reasons below.",
            "short",
            or_zero(rounded(total(increase("rockseg_worker_exits_total", 'reason!="drained"', over="24h"))), API_UP),
            steps=rising(0.5, 10),
        ),
    ]


def _throughput() -> Sequence[Panel]:
    stages = total(rate("rockseg_job_stage_seconds_bucket"), "le", "stage")
    return [
        graph(
            "Queue and workers",
            "Jobs that wait and run, and the workers there are. Jobs without workers: KEDA does not scale, or pods do"
            " not start.",
            "short",
            Query(largest(of("rockseg_api_unfinished_jobs", 'status="queued"')), "jobs that wait"),
            Query(largest(of("rockseg_api_unfinished_jobs", 'status="started"')), "jobs that run"),
            Query(or_zero(number(of(WORKER_UP)), API_UP), "workers"),
        ),
        graph(
            "Seconds in the queue",
            "From acceptance to start: half of the jobs, 95 % and 99 % waited less. Too few workers show here first.",
            "s",
            Query(quantile(0.5, "rockseg_job_queue_seconds"), "half"),
            Query(quantile(0.95, "rockseg_job_queue_seconds"), "95 %"),
            Query(quantile(0.99, "rockseg_job_queue_seconds"), "99 %"),
        ),
        graph(
            "Jobs ended by worker",
            "Jobs that ended a minute, by worker. One alone far below the others: look at its node.",
            "suffix: /min",
            Query(f"60 * {total(rate('rockseg_jobs_ended_total'), 'pod')}", "{{pod}}"),
            stacked=True,
        ),
        graph(
            "Seconds by stage",
            "95 % of the jobs took less. fetch and put: the store. decode, encode: the processor. forward: the device,"
            " and the wait for it.",
            "s",
            Query(f"histogram_quantile(0.95, {stages})", "{{stage}}"),
        ),
        graph(
            "Seconds from acceptance to result",
            "Half of the jobs and 95 % took less; red: the objective of 5 minutes.",
            "s",
            Query(quantile(0.5, "rockseg_job_seconds"), "half"),
            Query(quantile(0.95, "rockseg_job_seconds"), "95 %"),
            limit=300,
        ),
        graph(
            "Jobs in flight by worker",
            "Begun and not ended. At ROCKSEG_JOBS_IN_FLIGHT for long: store, log or device hold it up. Zero while jobs"
            " wait: it is given no work.",
            "short",
            Query(largest(of("rockseg_worker_jobs_in_flight"), "pod"), "{{pod}}"),
        ),
    ]


def _device() -> Sequence[Panel]:
    batches = total(rate("rockseg_worker_batch_tiles_count"))
    return [
        graph(
            "Device busy by worker",
            "Share of the time that a device computed. The figure to judge a scale step by.",
            "percentunit",
            Query(largest(rate("rockseg_worker_device_busy_seconds_total"), "pod"), "{{pod}}"),
        ),
        graph(
            "Tiles a batch",
            "On average, and the fullest twentieth. Small batches on a busy GPU: its input is starved, or"
            " ROCKSEG_BATCH_DELAY_SECONDS too short.",
            "short",
            Query(f"{total(rate('rockseg_worker_batch_tiles_sum'))} / ({batches} > 0)", "average"),
            Query(quantile(0.95, "rockseg_worker_batch_tiles"), "95 %"),
        ),
        graph(
            "Batches",
            "Forward passes a second of all workers: falling while jobs wait, the device or its input is slow.",
            "suffix: /s",
            Query(batches, "batches"),
        ),
    ]
