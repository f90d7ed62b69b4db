"""`rockseg up`: API and worker in one process and one event loop, on the embedded log and store."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
import uvloop
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import build_api
from rockseg_api.metrics import ApiMetrics
from rockseg_api.serving import Serving, listen
from rockseg_api.settings import ApiSettings
from rockseg_api.settings import from_environment as api_settings
from rockseg_core.adapters.local import LocalData
from rockseg_core.domain.clock import Clock, SystemClock
from rockseg_core.domain.errors import DataFolderBusyError, SettingsError
from rockseg_inference.bootstrap import build_worker, load_segmenter
from rockseg_inference.exits import ExitReason
from rockseg_inference.metrics import WorkerMetrics
from rockseg_inference.settings import from_environment as worker_settings
from rockseg_inference.worker import Worker
from rockseg_standalone import console, listening
from rockseg_standalone.home import Home


@dataclass(frozen=True)
class UpSettings:
    """What the command line says; limits come from the same ROCKSEG_ variables as the services read."""

    host: str
    port: int
    data_dir: Path
    model: str


def serve(settings: UpSettings) -> int:
    """Run until SIGTERM or Ctrl-C; 0 after a clean drain, 70 when the worker finds itself at fault.

    Raises SettingsError, BundleError or DataFolderBusyError with a sentence.
    """
    console.log_to_stderr()
    return uvloop.run(_serve(settings))


async def _serve(settings: UpSettings) -> int:
    limits = api_settings(os.environ)
    home = Home(settings.data_dir)
    first_run = not home.api_key_file.exists()
    api_key = home.api_key()
    listener = listen(settings.host, settings.port, host_name="--host", port_name="--port")
    address = listening.address(settings.host, listener)
    clock = SystemClock()
    data = _open(home, clock, limits)
    limits = msgspec.structs.replace(
        limits, host=settings.host, metrics_port=listening.metrics_port(limits, os.environ)
    )
    try:
        registry = CollectorRegistry()
        api = build_api(
            limits,
            store=data.store,
            log=data.log,
            feed=data.feed,
            clock=clock,
            keys_file=home.keys_file,
            view_path=home.view_file,
            metrics=ApiMetrics(registry),
        )
        async with Serving(api, limits, listener) as serving:
            # Photos are taken while torch is imported and the bundle is read: they wait in the log.
            segmenter = await serving.unless_stopped(asyncio.to_thread(load_segmenter, settings.model))
            if segmenter is None:
                return ExitReason.DRAINED.code
            worker = build_worker(
                deliveries=data.deliveries(),
                store=data.store,
                log=data.log,
                segmenter=segmenter,
                clock=clock,
                metrics=WorkerMetrics(registry),
                settings=worker_settings(os.environ),
            )
            await serving.unless_stopped(api.view.caught_up())
            if not api.view.ready:
                return ExitReason.DRAINED.code
            console.say_ready(address, api_key, home, segmenter.ref, first_run=first_run)
            return await _work_until_stopped(worker, serving)
    finally:
        await data.close()


def _open(home: Home, clock: Clock, limits: ApiSettings) -> LocalData:
    try:
        return LocalData.open(home.folder, clock=clock, object_prefix=limits.object_prefix)
    except DataFolderBusyError as error:
        raise DataFolderBusyError(f"Another rockseg process is using the data folder {home.folder}.") from error
    except OSError as error:
        raise SettingsError(f"The data folder {home.folder} cannot be used ({error.strerror}).") from error


async def _work_until_stopped(worker: Worker, serving: Serving) -> int:
    """Run the worker; its exit code. On a signal both drain: what runs ends, what waits stays in the log."""
    working = asyncio.create_task(worker.run(), name="worker")
    await serving.unless_stopped(asyncio.wait({working}))
    serving.drain()
    if not working.done():
        worker.drain()
    reason = await working
    for sentence in reason.sentences:
        console.say(sentence)
    return reason.code
