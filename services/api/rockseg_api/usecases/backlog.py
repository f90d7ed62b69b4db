import asyncio
from typing import Final

from rockseg_api.errors import ViewNotReadyError
from rockseg_api.metrics import ApiMetrics
from rockseg_api.view.job_view import JobView

LOOK_SECONDS: Final = 5.0  # more often than Prometheus asks, and too seldom to be felt


async def watch_backlog(view: JobView, metrics: ApiMetrics, look_seconds: float = LOOK_SECONDS) -> None:
    """Tell Prometheus what waits and runs, until cancelled. The view's file is read on its own thread, so not by it."""
    while True:
        try:
            backlog = view.backlog()
        except ViewNotReadyError:
            pass  # what was told last stands until the view is back
        else:
            metrics.unfinished.labels("queued").set(backlog.queued)
            metrics.unfinished.labels("started").set(backlog.started)
            metrics.oldest_unfinished.set(backlog.oldest_seconds)
        await asyncio.sleep(look_seconds)
