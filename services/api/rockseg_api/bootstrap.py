"""Where the API's parts meet their adapters. Whoever has a store, a log and a feed gets a service for them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from litestar.types import ASGIApp

from rockseg_api.app import build_app
from rockseg_api.http.connections import ConnectionLimits, most_connections
from rockseg_api.http.draining import Drain, DrainingServer
from rockseg_api.http.form import FormLimits
from rockseg_api.http.guards import admission_guard, key_guard, rate_guard
from rockseg_api.http.jobs import erase_route, read_route
from rockseg_api.http.model import model_routes
from rockseg_api.http.probes import probe_routes
from rockseg_api.http.protocol import bounded_http
from rockseg_api.http.results import ResultAnswers, largest_answer_bytes
from rockseg_api.http.server_log import log_server_errors
from rockseg_api.http.submit import submit_route
from rockseg_api.http.upload_memory import UploadMemory
from rockseg_api.keys import KeyFile
from rockseg_api.metrics import ApiMetrics
from rockseg_api.metrics_server import MetricsServer
from rockseg_api.rate_limit import TokenBuckets
from rockseg_api.settings import ApiSettings
from rockseg_api.usecases.admission import Admission
from rockseg_api.usecases.answer_memory import AnswerMemory
from rockseg_api.usecases.backlog import watch_backlog
from rockseg_api.usecases.erase import EraseJob
from rockseg_api.usecases.model import CurrentModel
from rockseg_api.usecases.read import ReadJob
from rockseg_api.usecases.render import OverlayRenderer
from rockseg_api.usecases.submit import SubmitJob
from rockseg_api.usecases.sweep import ExpirySweep
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.clock import Clock
from rockseg_core.domain.errors import SettingsError
from rockseg_core.domain.keys import ObjectKeys
from rockseg_core.ports.feed import JobFeed
from rockseg_core.ports.log import JobLog
from rockseg_core.ports.store import ObjectStore

KEEP_ALIVE_SECONDS = 75  # longer than a load balancer's usual 60: the side that closes first must be the client's


@dataclass(frozen=True)
class ApiParts:
    """A service ready to be served: `app` starts and stops view and sweep in its ASGI lifespan."""

    app: ASGIApp
    view: JobView
    metrics: ApiMetrics
    metrics_server: MetricsServer
    drain: Drain


def build_api(
    settings: ApiSettings,
    *,
    store: ObjectStore,
    log: JobLog,
    feed: JobFeed,
    clock: Clock,
    keys_file: Path,
    view_path: Path | str,
    metrics: ApiMetrics,
) -> ApiParts:
    """Opens the key file and the view's file, nothing else. Raises SettingsError where one of them will not do."""
    object_keys = ObjectKeys(settings.object_prefix)
    callers = _callers(keys_file, settings)
    view = JobView(view_path, feed, clock, settings.lifetime_seconds, barrier_seconds=settings.barrier_seconds)
    metrics.watch_view(view)
    metrics.view_limit.set(settings.view_max_bytes)
    metrics.lifetime.set(settings.lifetime_seconds)
    renderer = OverlayRenderer(
        store,
        pool_workers=settings.render_workers,
        budget_megapixels=settings.render_megapixels,
        on_render=metrics.render_seconds.observe,
    )
    sweep = ExpirySweep(store=store, view=view, clock=clock, keys=object_keys, on_failure=metrics.sweep_failures.inc)
    memory = UploadMemory(settings.upload_memory_bytes, settings.photo_max_bytes)
    metrics.upload_memory.set_function(lambda: memory.held_bytes)
    answers = AnswerMemory(settings.answer_memory_bytes, largest_answer_bytes(settings.photo_max_pixels))
    metrics.answer_memory.set_function(lambda: answers.held_bytes)
    drain = Drain()

    admission = Admission(
        view,
        most_unfinished=settings.unfinished_jobs,
        longest_queue_seconds=settings.queue_share * settings.lifetime_seconds,
    )

    known = key_guard(callers)
    slow_enough = rate_guard(TokenBuckets(settings.submit_rate, settings.submit_burst), metrics)
    submit = SubmitJob(
        store=store,
        log=log,
        view=view,
        clock=clock,
        keys=object_keys,
        lifetime_seconds=settings.lifetime_seconds,
        max_pixels=settings.photo_max_pixels,
        admission=admission,
    )
    read = ReadJob(view=view, store=store, renderer=renderer)
    erase = EraseJob(store=store, log=log, view=view, clock=clock, keys=object_keys)
    limits = FormLimits(settings.photo_max_bytes, settings.upload_seconds, settings.upload_idle_seconds)
    routes = [
        submit_route(submit, limits, memory, drain, metrics, [known, slow_enough, admission_guard(admission)]),
        read_route(read, ResultAnswers(read, answers), metrics, [known]),
        erase_route(erase, [known]),
        *model_routes(CurrentModel(store=store, keys=object_keys, clock=clock), [known]),
        *probe_routes(view, store, object_keys.current_model(), drain, metrics),
    ]
    metrics_server = MetricsServer(settings.metrics_host, settings.metrics_port, metrics.registry)
    background = Background(view, sweep, renderer, settings, metrics, metrics_server)
    app = build_app(routes, metrics, drain, on_startup=[background.start], on_shutdown=[background.stop])
    return ApiParts(app, view, metrics, metrics_server, drain)


def _callers(keys_file: Path, settings: ApiSettings) -> KeyFile:
    try:
        return KeyFile(keys_file)
    except SettingsError as error:
        if keys_file != settings.keys_file:  # `rockseg up` has one in its data folder
            raise
        raise SettingsError(f"ROCKSEG_KEYS_FILE: {error.sentence}") from error


class Background:
    """What runs beside the requests."""

    def __init__(
        self,
        view: JobView,
        sweep: ExpirySweep,
        renderer: OverlayRenderer,
        settings: ApiSettings,
        metrics: ApiMetrics,
        metrics_server: MetricsServer,
    ) -> None:
        self._view = view
        self._sweep = sweep
        self._renderer = renderer
        self._settings = settings
        self._metrics = metrics
        self._metrics_server = metrics_server
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self._view.start()
        self._tasks = [
            asyncio.create_task(self._sweep.run_for_ever(self._settings.sweep_seconds), name="expiry-sweep"),
            asyncio.create_task(watch_backlog(self._view, self._metrics), name="backlog"),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._renderer.close()
        await self._view.stop()
        await self._metrics_server.close()


def http_server(parts: ApiParts, settings: ApiSettings) -> uvicorn.Server:
    """For the running loop: `await server.serve()`. It logs no request lines: they may hold ids.

    Opens /metrics; raises SettingsError when its port is taken.
    """
    parts.metrics_server.open()
    log_server_errors()
    limits = ConnectionLimits(most_connections(settings.connections), settings.head_seconds, settings.stall_seconds)
    return DrainingServer(
        uvicorn.Config(
            parts.app,
            host=settings.host,
            port=settings.port,
            loop="none",
            http=bounded_http(limits),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=int(settings.drain_seconds),
        ),
        parts.drain,
        settings.drain_seconds,
    )
