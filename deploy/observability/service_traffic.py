"""Of "Service" what clients send and get."""

from collections.abc import Sequence

from deploy.observability.board import Panel
from deploy.observability.panels import Query, graph, quantiles, seldom
from deploy.observability.queries import (
    API_UP,
    SUBMIT,
    largest,
    of,
    or_none,
    quantile,
    rate,
    total,
)


def accept() -> Sequence[Panel]:
    return [
        graph(
            "Submits by answer",
            "POST /predict a second by status. 202: accepted. 4xx: the client's doing. 429: its limits. 5xx: ours.",
            "reqps",
            Query(total(rate("rockseg_api_requests_total", *SUBMIT), "status"), "{{status}}"),
            stacked=True,
        ),
        graph(
            "Errors by code",
            "Requests refused a second, by the stable code of the answer (table in the README). store_unavailable,"
            " log_unavailable: that part is away. queue_too_long: too few workers. …_busy: a limit of this replica is"
            " reached.",
            "reqps",
            seldom(rate("rockseg_api_refused_total"), "code", API_UP),
        ),
        graph(
            "Seconds to accept a photo",
            "POST /predict from the first header to the last byte of the answer, upload included: half of them, 95 %"
            " and 99 % took less.",
            "s",
            *quantiles("rockseg_api_request_seconds", SUBMIT[0]),
        ),
        graph(
            "Requests by route",
            "All requests a second: whether a client polls too often, or somebody tries addresses (none).",
            "reqps",
            Query(total(rate("rockseg_api_requests_total"), "route", "method"), "{{method}} {{route}}"),
            stacked=True,
        ),
        graph(
            "Bytes of photos accepted",
            "Bytes a second of photos that the store has to hold, by replica.",
            "Bps",
            Query(total(rate("rockseg_api_upload_bytes_total"), "pod"), "{{pod}}"),
            stacked=True,
        ),
        graph(
            "Submits over a key's rate",
            "429 rate_limited a second: ROCKSEG_SUBMIT_RATE is too tight for a user, or a client runs in a loop.",
            "reqps",
            Query(total(rate("rockseg_api_rate_limited_total"), "pod"), "{{pod}}"),
        ),
    ]


def results() -> Sequence[Panel]:
    stages = total(rate("rockseg_job_stage_seconds_bucket"), "le", "stage")
    return [
        graph(
            "Seconds from acceptance to result",
            "Jobs that finished or failed: half of them, 95 % and 99 % took less. Red: the objective of 5 minutes.",
            "s",
            *quantiles("rockseg_job_seconds"),
            limit=300,
        ),
        graph(
            "Seconds by stage",
            "95 % of the jobs took less, in the queue and in each stage of a worker. The queue: too few workers."
            " fetch, put: the store. forward: the device, and the wait for it.",
            "s",
            Query(quantile(0.95, "rockseg_job_queue_seconds"), "queue"),
            Query(f"histogram_quantile(0.95, {stages})", "{{stage}}"),
        ),
        graph(
            "Jobs by outcome",
            "Jobs that ended a minute. failed by image_…: the photo cannot be read. failed by worker_crashed or"
            " internal_error: ours, and in the dead-letter topic. released: handed back, they run elsewhere.",
            "suffix: /min",
            Query(
                or_none(f"60 * {total(rate('rockseg_jobs_ended_total'), 'outcome', 'reason')}", "outcome", API_UP),
                "{{outcome}} {{reason}}",
            ),
            stacked=True,
        ),
        graph(
            "Unfinished jobs",
            "Jobs that wait and that run, of all tenants. Every replica tells the same; the highest is shown.",
            "short",
            Query(largest(of("rockseg_api_unfinished_jobs"), "status"), "{{status}}"),
            stacked=True,
        ),
        graph(
            "Age of the oldest unfinished job",
            "Beside the lifetime, at which it expires and leaves this figure. It grows whatever stands still; falls"
            " while no job ends are jobs that expire.",
            "s",
            Query(
                largest(f"{of('rockseg_api_oldest_unfinished_seconds')} and {of('rockseg_api_view_ready')} == 1"),
                "oldest",
            ),
            Query(largest(of("rockseg_api_lifetime_seconds")), "lifetime"),
        ),
        graph(
            "Seconds to answer a read",
            "GET /job/{job_id}: half of them, 95 % and 99 % took less. Half a second more: reads wait for the log.",
            "s",
            *quantiles("rockseg_api_request_seconds", 'route="/job/{job_id}"'),
        ),
        graph(
            "Seconds to draw an overlay",
            "The first GET of a picture draws it. Above a second with render_busy among the errors: raise"
            " ROCKSEG_RENDER_WORKERS.",
            "s",
            *quantiles("rockseg_api_render_seconds"),
        ),
    ]
