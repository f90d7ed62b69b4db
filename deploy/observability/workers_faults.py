"""Of "Workers" what goes wrong: tries, exits, and the parts that jobs wait for."""

from collections.abc import Sequence

from deploy.observability.board import Panel
from deploy.observability.panels import Query, graph, listing, seldom
from deploy.observability.queries import (
    API_UP,
    WORKER_UP,
    increase,
    largest,
    number,
    of,
    or_none,
    or_zero,
    rate,
    total,
)


def attempts() -> Sequence[Panel]:
    return [
        graph(
            "Deliveries beyond the first attempt",
            "Jobs that came again: after a crash of their worker, which says nothing itself, or after a fault on a"
            " sound device (retried). The third time, a job is given up.",
            "short",
            Query(total(increase("rockseg_worker_repeated_deliveries_total")), "come again"),
            Query(or_zero(total(increase("rockseg_jobs_ended_total", 'outcome="retried"')), WORKER_UP), "retried"),
            bars=True,
        ),
        graph(
            "Failures by reason",
            "Jobs that failed. image_…: the photo cannot be read. worker_crashed: three workers died of it."
            " internal_error: three tries failed on a sound device.",
            "short",
            seldom(increase("rockseg_jobs_ended_total", 'outcome="failed"'), "reason", WORKER_UP),
            stacked=True,
            bars=True,
        ),
        graph(
            "Worker exits by reason",
            "Exits that were decided. drained: a scale step or a rollout. All else: exit code 70, see the runbook.",
            "short",
            seldom(increase("rockseg_worker_exits_total"), "reason", API_UP),
            stacked=True,
            bars=True,
        ),
        graph(
            "Restarts by worker",
            "Starts within a pod. One without an exit beside it was a crash: out of memory, or killed.",
            "short",
            Query(
                largest(f"changes({of('rockseg_worker_started_timestamp_seconds')}[$__rate_interval])", "pod"),
                "{{pod}}",
            ),
            bars=True,
        ),
        graph(
            "Self-tests by result",
            "Made after faults alone. passed: the job was at fault. failed: the machine, and the worker ended.",
            "short",
            Query(total(increase("rockseg_worker_self_tests_total"), "result"), "{{result}}"),
            bars=True,
        ),
        listing(
            "Releases, models and devices",
            "Workers by release, model and device: several only during a rollout.",
            number(of(WORKER_UP), "version", "model", "model_version", "device"),
            "workers",
        ),
    ]


def parts() -> Sequence[Panel]:
    return [
        graph(
            "Tries that have to wait",
            "Steps a second that failed for the moment, and are tried again: no job fails of it. store_unavailable,"
            " log_unavailable: that part is away for workers.",
            "suffix: /s",
            Query(
                or_none(total(rate("rockseg_worker_transient_faults_total"), "step", "code"), "step", WORKER_UP),
                "{{step}} {{code}}",
            ),
        ),
        graph(
            "Store faults by reason",
            "Calls a second that the store refused or failed, in its own words. AccessDenied: the policy. tls,"
            " connection, timed_out: the way there. SlowDown: too many calls.",
            "suffix: /s",
            seldom(rate("rockseg_worker_store_faults_total"), "reason", WORKER_UP),
        ),
        graph(
            "Log faults by reason",
            "Records a second that Kafka did not confirm, in its own words. …AuthorizationFailedError: a missing ACL.",
            "suffix: /s",
            seldom(rate("rockseg_worker_log_faults_total"), "reason", WORKER_UP),
        ),
        graph(
            "Group events",
            "What happens to workers in their group. rebalanced: at each scale step. lost, commit_failed: brokers or"
            " network. records_gone, log_anew: accepted jobs are gone.",
            "short",
            seldom(increase("rockseg_worker_group_events_total"), "event", WORKER_UP),
            stacked=True,
            bars=True,
        ),
    ]
