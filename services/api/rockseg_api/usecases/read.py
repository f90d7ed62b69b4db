import asyncio
from dataclasses import dataclass
from uuid import UUID

from rockseg_api.usecases.render import OverlayRenderer
from rockseg_api.usecases.result import read_object
from rockseg_api.view.job_view import JobView
from rockseg_api.view.reading import Reading
from rockseg_core.codec.bundle import decode_report
from rockseg_core.domain.job import Tenant
from rockseg_core.ports.store import ObjectStore


@dataclass(frozen=True)
class FinishedResult:
    """What `form=json` shows of a finished job: class name → RGB, in index order, and the overlay's PNG."""

    detected_classes: dict[str, tuple[int, int, int]]
    overlay_png: bytes


class ReadJob:
    """A job's status, and the results of a finished one.

    The results take a `Reading` whose job is finished. They raise JobGoneError where it was erased since, else
    ResultMissingError and StoreUnavailableError; overlays RenderBusyError too.
    """

    def __init__(self, *, view: JobView, store: ObjectStore, renderer: OverlayRenderer) -> None:
        self._view = view
        self._store = store
        self._renderer = renderer

    async def status(self, tenant: Tenant, job_id: UUID) -> Reading:
        """Raises JobUnknownError, JobGoneError and ViewNotReadyError."""
        return await self._view.get(tenant, job_id)

    async def result_json(self, reading: Reading, *, weight: float | None, legend: bool) -> FinishedResult:
        """`weight` None stands for the one that the job was submitted with."""
        body, overlay = await asyncio.gather(self.report(reading), self.overlay(reading, weight=weight, legend=legend))
        found = sorted(decode_report(body).classes, key=lambda found: found.index)
        return FinishedResult({rock.name: rock.rgb for rock in found}, overlay)

    async def overlay(self, reading: Reading, *, weight: float | None, legend: bool) -> bytes:
        """PNG; `weight` None stands for the one that the job was submitted with."""
        chosen = reading.job.options.mask_weight if weight is None else round(weight, 3)  # as its key says it
        return await self._renderer(reading.job, chosen, legend=legend)

    async def mask(self, reading: Reading) -> bytes:
        """PNG whose pixel is the class index."""
        return await self._object(reading, reading.job.mask_key)

    async def confidence(self, reading: Reading) -> bytes:
        """8-bit grey PNG: probability of the class chosen × 255."""
        return await self._object(reading, reading.job.confidence_key)

    async def report(self, reading: Reading) -> bytes:
        """JSON of a `Report`."""
        return await self._object(reading, reading.job.report_key)

    async def _object(self, reading: Reading, key: str | None) -> bytes:
        return await read_object(self._store, reading.job, key)
