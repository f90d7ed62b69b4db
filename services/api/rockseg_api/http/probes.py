import asyncio
import math
import time
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from msgspec import Meta

from rockseg_api.http.answers import json_answer
from rockseg_api.http.documents import answered
from rockseg_api.http.draining import Drain
from rockseg_api.metrics import ApiMetrics
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.errors import StoreUnavailableError
from rockseg_core.ports.store import ObjectStore

STORE_SECONDS: Final = 1.0  # a probe's own time-out is of that order


class ProbeBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """How this replica stands."""

    status: Annotated[str, Meta(description="`ok`, `starting`, `draining`, or `broken`.")]
    log: Annotated[str | None, Meta(description="`ok`, or `away` when the log did not answer.")] = None
    store: Annotated[str | None, Meta(description="`ok`, or `away` when the object store did not answer.")] = None


def probe_routes(
    view: JobView, store: ObjectStore, any_key: str, drain: Drain, metrics: ApiMetrics
) -> list[HTTPRouteHandler]:
    """`GET /healthz` and `/readyz`; neither needs a key. `any_key` is asked for in the store, there or not."""
    kept = _StoreProbe(store, any_key, metrics)

    @get(
        "/healthz",
        operation_id="readHealth",
        summary="Whether the process answers",
        responses={
            **answered(200, ProbeBody, "It does."),
            **answered(503, ProbeBody, "It does, and yet only a restart can mend it."),
        },
        tags=["operation"],
    )
    async def read_health() -> ASGIResponse:
        """Asks no other part: a restart would not bring back a log or a store."""
        if not view.following:  # a bug ended the task without which no job is ever seen again
            return json_answer(ProbeBody("broken"), status_code=503)
        return json_answer(ProbeBody("ok"))

    @get(
        "/readyz",
        operation_id="readReadiness",
        summary="Whether to send requests here",
        responses={
            **answered(200, ProbeBody, "Yes."),
            **answered(503, ProbeBody, "Not before the job view has caught up, and not while draining."),
        },
        tags=["operation"],
    )
    async def read_readiness() -> ASGIResponse:
        """A later outage of the log shows in the body only: all replicas would leave the Service at once."""
        if drain.draining or not view.ready:
            return json_answer(ProbeBody("draining" if drain.draining else "starting"), status_code=503)
        log, stored = await asyncio.gather(view.barrier(), kept.answers())
        return json_answer(ProbeBody("ok", log="ok" if log else "away", store="ok" if stored else "away"))

    return [read_health, read_readiness]


class _StoreProbe:
    """One look at the store for all who ask within a second: they need no key, and each look takes a connection."""

    def __init__(self, store: ObjectStore, key: str, metrics: ApiMetrics) -> None:
        self._store = store
        self._key = key
        self._metrics = metrics
        self._looked_at = -math.inf
        self._look: asyncio.Task[bool] | None = None

    async def answers(self) -> bool:
        now = time.monotonic()
        if self._look is None or (self._look.done() and now >= self._looked_at + STORE_SECONDS):
            self._looked_at = now
            self._look = asyncio.create_task(self._look_now(), name="store-probe")
        return await asyncio.shield(self._look)

    async def _look_now(self) -> bool:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._store.exists(self._key)
        except (StoreUnavailableError, TimeoutError):
            answers = False
        else:
            answers = True
        self._metrics.store_reachable.set(answers)
        return answers
