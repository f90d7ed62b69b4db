import base64
from typing import Any

import structlog
from litestar import Request, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from rockseg_api.http.answers import REVALIDATE, STALE_HEADER, JobBody, JobResult, json_answer
from rockseg_api.http.documents import ERASE_RESPONSES, KEY_NEEDED, READ_RESPONSES, EraseOperation, ReadOperation
from rockseg_api.http.guards import Guard, header
from rockseg_api.http.options import ResultQuery, job_id, result_query
from rockseg_api.keys import Caller
from rockseg_api.metrics import ApiMetrics
from rockseg_api.usecases.erase import EraseJob
from rockseg_api.usecases.read import ReadJob
from rockseg_api.view.reading import Reading
from rockseg_core.domain.fold import JobRecord
from rockseg_core.domain.job import JobStatus

log = structlog.get_logger("rockseg_api")


def read_route(read: ReadJob, metrics: ApiMetrics, guards: list[Guard]) -> HTTPRouteHandler:
    """`GET /job/{job_id}`."""

    @get(
        "/job/{job_id:str}",
        operation_id="readJob",
        operation_class=ReadOperation,
        summary="Ask how a job stands, or fetch its result",
        responses=READ_RESPONSES,
        tags=["jobs"],
        guards=guards,
        security=KEY_NEEDED,
    )
    async def read_job(request: Request[Caller, None, Any]) -> ASGIResponse:
        """A job that is not finished answers with its metadata and `"result": null`, whatever `form` asks for."""
        wanted = job_id(request.path_params["job_id"])
        query = result_query(request.scope["query_string"])
        reading = await read.status(request.user.tenant, wanted)
        headers = {STALE_HEADER: "true"} if reading.stale else {}
        if reading.stale:
            metrics.stale_reads.inc()
        if reading.job.status is not JobStatus.FINISHED:
            return json_answer(JobBody.of(reading.job), headers=headers)
        headers |= {"cache-control": REVALIDATE, "etag": entity_tag(reading.job, query)}
        if header(request, b"if-none-match") == headers["etag"]:
            return ASGIResponse(status_code=304, headers=headers)
        return await finished_answer(read, reading, query, headers)

    return read_job


async def finished_answer(read: ReadJob, reading: Reading, query: ResultQuery, headers: dict[str, str]) -> ASGIResponse:
    """A finished job in the form that was asked for."""
    match query.form:
        case "json":
            found = await read.result_json(reading, weight=query.weight, legend=query.legend)
            picture = base64.b64encode(found.overlay_png).decode("ascii")
            return json_answer(JobBody.of(reading.job, JobResult(found.detected_classes, picture)), headers=headers)
        case "png":
            body = await read.overlay(reading, weight=query.weight, legend=query.legend)
        case "mask":
            body = await read.mask(reading)
        case "confidence":
            body = await read.confidence(reading)
        case "report":
            body = await read.report(reading)
    media_type = "application/json" if query.form == "report" else "image/png"
    return ASGIResponse(body=body, media_type=media_type, headers=headers)


def entity_tag(job: JobRecord, query: ResultQuery) -> str:
    """Names one form of one result: the object's own digest, and what the overlay was asked with."""
    key = {"confidence": job.confidence_key, "report": job.report_key}.get(query.form, job.mask_key) or ""
    digest = key.rpartition("-")[2].partition(".")[0]
    weight = job.options.mask_weight if query.weight is None else query.weight
    return f'"{query.form}-{digest}-{weight:.3f}-{"legend" if query.legend else "plain"}"'


def erase_route(erase: EraseJob, guards: list[Guard]) -> HTTPRouteHandler:
    """`DELETE /job/{job_id}`."""

    @delete(
        "/job/{job_id:str}",
        operation_id="eraseJob",
        operation_class=EraseOperation,
        summary="Cancel and erase a job",
        responses=ERASE_RESPONSES,
        tags=["jobs"],
        guards=guards,
        security=KEY_NEEDED,
    )
    async def erase_job(request: Request[Caller, None, Any]) -> None:
        """Cancels what waits or runs, and deletes photo and results for good. Afterwards the job answers 410."""
        wanted = job_id(request.path_params["job_id"])
        await erase(request.user.tenant, wanted)
        log.info("job erased", job_id=str(wanted), tenant=request.user.tenant)

    return erase_job
