"""The figures at the top of "Service": whether all is well, at one look."""

from collections.abc import Sequence
from typing import Final

from deploy.observability.board import FIRING, Panel
from deploy.observability.panels import GREEN, ORANGE, answers, falling, figure, objective, rising
from deploy.observability.queries import (
    API_UP,
    SUBMIT,
    increase,
    largest,
    number,
    of,
    or_zero,
    rounded,
    share,
    smallest,
    total,
)

IN_TIME: Final = 'le="300.0"'  # the objective of the rules


def figures() -> Sequence[Panel]:
    submits = total(increase("rockseg_api_requests_total", *SUBMIT, over="1h"))
    failed = total(increase("rockseg_api_requests_total", *SUBMIT, 'status=~"5.."', over="1h"))
    ended = total(increase("rockseg_job_seconds_count", over="1h"))
    in_time = total(increase("rockseg_job_seconds_bucket", IN_TIME, over="1h"))
    return [
        figure(
            "Alerts that wake",
            "Critical alerts of rockseg that fire now, by Prometheus' own rules. Each names its runbook.",
            "none",
            or_zero(number(of("ALERTS", *FIRING, 'severity="critical"')), API_UP),
            steps=rising(1, 1),
        ),
        figure(
            "Alerts for the day",
            "Warnings of rockseg that fire now: nobody need get up. Each names its runbook.",
            "none",
            or_zero(number(of("ALERTS", *FIRING, 'severity="warning"')), API_UP),
            steps=[(None, GREEN), (1, ORANGE)],
        ),
        objective(
            "Submits without an error, 1 h",
            "Share of POST /predict that ended without a 5xx within the last hour. The objective is 99.9 % over 30"
            " days; what a client does wrong does not count.",
            f"1 - {share(failed, submits)}",
            steps=falling(0.999, 0.99),
            nothing="no submits",
        ),
        objective(
            "Results within 5 minutes, 1 h",
            "Share of the jobs that ended within the last hour and took at most 5 minutes from acceptance. The"
            " objective is 99 % over 30 days. A job that does not end at all shows as the oldest unfinished one.",
            share(in_time, ended),
            steps=falling(0.99, 0.9),
            nothing="no results",
        ),
        figure(
            "Oldest unfinished job",
            "Age of the oldest job that has neither finished nor failed: the one figure that grows whatever stands"
            " still. Above a quarter of the lifetime (6 h by default) no more jobs are taken.",
            "s",
            largest(f"{of('rockseg_api_oldest_unfinished_seconds')} and {of('rockseg_api_view_ready')} == 1"),
            steps=rising(1800, 7200),
        ),
        figure(
            "Replicas ready",
            "Replicas of the API that have caught up with the log, and so serve. One that starts reads the log first.",
            "none",
            total(of("rockseg_api_view_ready")),
            steps=falling(1, 1),
        ),
        figure(
            "View lag",
            "Records in the log that the slowest replica has yet to apply; reads wait for them. Above 1000 for minutes"
            " it reads more slowly than the log grows.",
            "short",
            largest(of("rockseg_api_view_lag_records")),
            steps=rising(1000, 10000),
        ),
        answers(
            "Kafka answers",
            "Whether every replica reaches Kafka. If not, submits get 503 log_unavailable, and reads are answered from"
            " what was known.",
            smallest(of("rockseg_api_log_reachable")),
        ),
        answers(
            "Object store answers",
            "Whether every replica reaches the object store, as /readyz finds. If not, submits get 503"
            " store_unavailable, and results cannot be read.",
            smallest(of("rockseg_api_store_reachable")),
        ),
        figure(
            "Accepted in an hour",
            "Jobs accepted with 202 within the last hour, to be held against those that ended.",
            "short",
            rounded(total(increase("rockseg_api_submits_total", over="1h"))),
        ),
        figure(
            "Ended in an hour",
            "Jobs that finished or failed within the last hour. Fewer than accepted: the queue grows.",
            "short",
            or_zero(rounded(ended), API_UP),
        ),
        figure(
            "Jobs that wait",
            "Accepted jobs that no worker has begun. Without workers they wait, safely, until they expire.",
            "short",
            largest(of("rockseg_api_unfinished_jobs", 'status="queued"')),
        ),
    ]
