"""`rockseg up`: API and worker in one process and one event loop, on the embedded log and store."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
import uvloop
from prometheus_client import CollectorRegistry

from rockseg_api.bootstrap import ApiParts, build_api
from rockseg_api.settings import ApiSettings
from rockseg_core.adapters.local import LocalData
from rockseg_core.codec.settings import read_settings
from rockseg_core.domain.clock import SystemClock
from rockseg_core.domain.errors import SettingsError
from rockseg_inference.bootstrap import build_worker, load_segmenter
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.worker import Worker
from rockseg_standalone.home import Home

EXIT_WORKER_AT_FAULT = 70


@dataclass(frozen=True)
class UpSettings:
    """What the command line says; limits come from the same ROCKSEG_ variables as the services read."""

    host: str
    port: int
    data_dir: Path
    model: str


def serve(settings: UpSettings) -> int:
    """Run until SIGTERM or Ctrl-C; 0 after a clean drain, 70 when the worker finds itself at fault."""
    return uvloop.run(_serve(settings))


async def _serve(settings: UpSettings) -> int:
    api_settings = read_settings(ApiSettings, os.environ)
    worker_settings = read_settings(WorkerSettings, os.environ)
    home = Home(settings.data_dir)
    api_key = home.api_key()
    listener = _listen(settings)
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    clock = SystemClock()
    data = LocalData.open(home.folder, clock=clock, retention_seconds=2 * api_settings.lifetime_seconds)
    raise NotImplementedError
