"""Of "Service" the parts behind the API: log, store, and the views of its replicas."""

from collections.abc import Sequence

from deploy.observability.board import Panel
from deploy.observability.panels import Query, graph, listing, seldom
from deploy.observability.queries import (
    API_UP,
    increase,
    largest,
    number,
    of,
    rate,
    smallest,
    total,
)


def parts() -> Sequence[Panel]:
    def by_pod(series: str) -> Query:
        return Query(largest(series, "pod"), "{{pod}}")

    return [
        graph(
            "Kafka and the store answer",
            "1 where a replica reaches it, 0 where not. All at 0: that part is away. One alone: the network of its"
            " node.",
            "none",
            Query(smallest(of("rockseg_api_log_reachable"), "pod"), "Kafka, {{pod}}"),
            Query(smallest(of("rockseg_api_store_reachable"), "pod"), "store, {{pod}}"),
        ),
        graph(
            "View lag by replica",
            "Records that a replica has yet to apply, as its last look at the log saw it.",
            "short",
            by_pod(of("rockseg_api_view_lag_records")),
            limit=1000,
        ),
        graph(
            "Records applied",
            "Records a second that a replica folds into its view. At 0 while jobs come in: it stands still.",
            "suffix: /s",
            by_pod(rate("rockseg_api_view_applied_total")),
        ),
        graph(
            "Log faults by reason",
            "Requests and erasures a second that Kafka did not confirm, in its own words. timed_out, not_connected:"
            " away. …AuthorizationFailedError: a missing ACL.",
            "suffix: /s",
            seldom(rate("rockseg_api_log_faults_total"), "reason", API_UP),
        ),
        graph(
            "Store faults by reason",
            "Calls a second that the store refused or failed, in its own words. AccessDenied: the policy. tls,"
            " connection, timed_out: the way there. SlowDown: too many calls.",
            "suffix: /s",
            seldom(rate("rockseg_api_store_faults_total"), "reason", API_UP),
        ),
        graph(
            "Stale reads",
            "Answers a second given without the log, with Rockseg-Stale: true: it took longer than"
            " ROCKSEG_BARRIER_SECONDS.",
            "reqps",
            Query(total(rate("rockseg_api_stale_reads_total"), "pod"), "{{pod}}"),
        ),
        graph(
            "Undecodable records",
            "Records on the topics that are none of ours, newly met. Each replica meets every one, and again in a"
            " replay.",
            "short",
            by_pod(increase("rockseg_api_undecodable_records_total")),
            bars=True,
        ),
        graph(
            "Objects not deleted",
            "Jobs that are over and whose photo or results could not be deleted, at that try. It is tried again.",
            "short",
            by_pod(increase("rockseg_api_sweep_failures_total")),
            bars=True,
        ),
        graph(
            "Memory of uploads and answers",
            "Bytes of photos that come in and of results that go out, by replica. At ROCKSEG_UPLOAD_MEMORY_BYTES: 503"
            " uploads_busy; at ROCKSEG_ANSWER_MEMORY_BYTES: 503 answers_busy.",
            "bytes",
            Query(largest(of("rockseg_api_upload_memory_bytes"), "pod"), "uploads, {{pod}}"),
            Query(largest(of("rockseg_api_answer_memory_bytes"), "pod"), "answers, {{pod}}"),
        ),
        graph(
            "Seconds of the last catch-up",
            "How long a replica last took to read the log, after its start or an outage: the startup probe has to"
            " allow it.",
            "s",
            by_pod(of("rockseg_api_view_catch_up_seconds")),
        ),
        graph(
            "Size of the job view",
            "Bytes of each replica's view, about 1.1 KB for each job of a lifetime; and the room that its volume has"
            " (api.view.size), at which the pod is evicted. No room is known where it is at 0.",
            "bytes",
            by_pod(of("rockseg_api_view_file_bytes")),
            Query(smallest(of("rockseg_api_view_limit_bytes")), "room"),
        ),
        graph(
            "Views read anew",
            "How often a replica threw its view away since it started. More than once: a bad disk, or topics made"
            " anew.",
            "short",
            by_pod(of("rockseg_api_view_rebuilds_total")),
        ),
        listing(
            "Releases of the API",
            "Replicas by release: two of them only during a rollout.",
            number(of(API_UP), "version"),
            "replicas",
        ),
    ]
