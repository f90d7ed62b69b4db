"""`rockseg-inference` as a process of its own, on Kafka and S3; its settings come from the environment alone."""

import asyncio
import signal
import threading
from collections.abc import Mapping
from typing import Annotated

import msgspec
import uvloop
from msgspec import Meta
from prometheus_client import CollectorRegistry

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.deliveries_events import GroupEvent
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings, group_settings
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.adapters.service_variables import warn_of_unknown
from rockseg_core.adapters.stderr_log import log_to_stderr
from rockseg_core.adapters.waiting import until_brokers_answer, until_store_answers
from rockseg_core.codec import settings as variables
from rockseg_core.domain import trace
from rockseg_core.domain.clock import SystemClock
from rockseg_core.ports.feed import Topic
from rockseg_core.ports.segmenter import Segmenter
from rockseg_inference.bootstrap import build_worker, load_segmenter
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.metrics_server import MetricsServer
from rockseg_inference.settings import WorkerSettings, from_environment


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What only the worker's own process has."""

    model: Annotated[
        str, Meta(min_length=1, description="The bundle's folder; `null:20ms` is a model without a network, for tests.")
    ]
    metrics_host: Annotated[str, Meta(description="The address of /metrics.")] = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65535, description="The port of /metrics; 0 turns it off.")] = 9090


def run(environ: Mapping[str, str]) -> int:
    """Work until SIGTERM: 0 after a clean drain, 70 when this machine is at fault.

    Raises SettingsError or BundleError with one sentence. Parts that do not answer are waited for; the log names them.
    """
    process = variables.read_settings(ProcessSettings, environ)
    limits = from_environment(environ)
    connection = KafkaConnection(kafka_settings(environ))
    group = group_settings(environ)
    registry = CollectorRegistry()
    metrics = WorkerMetrics(registry)
    store = S3Store(
        s3_settings(environ), WORKER_PROFILE, on_fault=lambda reason: metrics.store_faults.labels(reason).inc()
    )
    for event in GroupEvent:
        metrics.group_events.labels(event.value)  # at 0 from the start, as all counters of known labels
    log_to_stderr(environ)
    warn_of_unknown(environ)
    metrics_server = MetricsServer(process.metrics_host, process.metrics_port, registry)
    metrics_server.open()
    code = uvloop.run(_run(process, limits, connection, group, store, metrics, metrics_server.ready))
    if code:  # a drain has no time to lose
        metrics_server.wait_for_scrape()
    return code


async def _run(
    process: ProcessSettings,
    limits: WorkerSettings,
    connection: KafkaConnection,
    group: GroupSettings,
    store: S3Store,
    metrics: WorkerMetrics,
    ready: threading.Event,
) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log = KafkaLog(connection, trace.current.get, lambda reason: metrics.log_faults.labels(reason).inc())
    log.open()
    try:
        loading = asyncio.create_task(_segmenter(process.model, store, connection, limits.object_prefix))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            loading.cancel()
            return 0
        segmenter = await loading
        worker = build_worker(
            deliveries=KafkaDeliverySource(
                connection, group, lambda event: metrics.group_events.labels(event.value).inc()
            ),
            store=store,
            log=log,
            segmenter=segmenter,
            clock=SystemClock(),
            metrics=metrics,
            settings=limits,
        )
        ready.set()
        working = asyncio.create_task(worker.run(), name="worker")
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            worker.drain()
        return int(await working)
    finally:
        await asyncio.gather(log.close(), store.close())


async def _segmenter(model: str, store: S3Store, connection: KafkaConnection, prefix: str) -> Segmenter:
    """Loaded while the other parts are waited for; whatever is wrong first ends the wait for the rest."""
    loading = asyncio.create_task(asyncio.to_thread(load_segmenter, model))
    tasks = [
        loading,
        asyncio.create_task(until_store_answers(lambda: store.check(prefix))),
        asyncio.create_task(until_brokers_answer(connection, Topic)),
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return loading.result()
