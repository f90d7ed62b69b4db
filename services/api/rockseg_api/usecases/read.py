from uuid import UUID

from rockseg_api.usecases.render import OverlayRenderer
from rockseg_api.usecases.result import read_object, report_of
from rockseg_api.view.job_view import JobView
from rockseg_api.view.reading import Reading
from rockseg_core.domain.job import Tenant
from rockseg_core.domain.report import Report
from rockseg_core.ports.store import ObjectStore


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

    async def findings(self, reading: Reading) -> Report:
        """The report, decoded."""
        return report_of(reading.job, await self.report(reading))

    async def overlay(
        self, reading: Reading, *, weight: float | None, legend: bool, patience_seconds: float | None = None
    ) -> bytes:
        """PNG; `weight` None stands for the one that the job was submitted with."""
        chosen = _chosen(reading, weight)
        return await self._renderer(reading.job, chosen, legend=legend, patience_seconds=patience_seconds)

    def patience_seconds(self, reading: Reading, weight: float | None) -> float:
        """How long one who asks for this overlay may be kept waiting for a turn."""
        return self._renderer.patience_seconds(reading.job, _chosen(reading, weight))

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


def _chosen(reading: Reading, weight: float | None) -> float:
    return reading.job.options.mask_weight if weight is None else round(weight, 3)  # as an overlay's key says it
