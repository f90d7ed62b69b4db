"""Where things lie in the object store (design §8). A digest in the name makes a second writer harmless."""

from uuid import UUID

from rockseg_core.domain.job import Tenant


class ObjectKeys:
    """Builds keys below one prefix; never from a client's file name."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def job(self, tenant: Tenant, job_id: UUID) -> str:
        """The prefix of all objects of a job, with the closing slash."""
        return f"{self._prefix}jobs/{tenant}/{job_id}/"

    def photo(self, tenant: Tenant, job_id: UUID, sha256: str, extension: str) -> str:
        return f"{self.job(tenant, job_id)}photo-{sha256[:16]}.{extension}"

    def mask(self, tenant: Tenant, job_id: UUID, sha256: str) -> str:
        return f"{self.job(tenant, job_id)}mask-{sha256[:16]}.png"

    def confidence(self, tenant: Tenant, job_id: UUID, sha256: str) -> str:
        return f"{self.job(tenant, job_id)}confidence-{sha256[:16]}.png"

    def report(self, tenant: Tenant, job_id: UUID, sha256: str) -> str:
        return f"{self.job(tenant, job_id)}report-{sha256[:16]}.json"

    def manifest(self, name: str, version: str) -> str:
        return f"{self._prefix}models/{name}/{version}/manifest.json"

    def current_model(self) -> str:
        """Names the manifest in use: the JSON of a ModelRef."""
        return f"{self._prefix}models/current.json"


def overlay_key(mask_key: str, weight: float, *, legend: bool) -> str:
    """The cached overlay of a mask: `overlay-{mask digest}-{weight:.3f}-{legend|plain}.png` beside it."""
    folder, _, name = mask_key.rpartition("/")
    digest = name.removeprefix("mask-").removesuffix(".png")
    return f"{folder}/overlay-{digest}-{weight:.3f}-{'legend' if legend else 'plain'}.png"
