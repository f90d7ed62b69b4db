from typing import Any

import structlog
from litestar import Request, delete, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from rockseg_api.http.answers import REVALIDATE, STALE_HEADER, JobBody, json_answer
from rockseg_api.http.documents import ERASE_RESPONSES, KEY_NEEDED, READ_RESPONSES, EraseOperation, ReadOperation
from rockseg_api.http.edge import AT_END
from rockseg_api.http.entity_tags import client_has, entity_tag
from rockseg_api.http.guards import Guard
from rockseg_api.http.options import job_id, result_query
from rockseg_api.http.results import ResultAnswers
from rockseg_api.keys import Caller
from rockseg_api.metrics import ApiMetrics
from rockseg_api.usecases.erase import EraseJob
from rockseg_api.usecases.read import ReadJob
from rockseg_core.domain.job import JobStatus

log = structlog.get_logger("rockseg_api")


def read_route(read: ReadJob, results: ResultAnswers, metrics: ApiMetrics, guards: list[Guard]) -> HTTPRouteHandler:
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
        if client_has(request, headers["etag"]):
            return ASGIResponse(status_code=304, headers=headers)
        return await results(reading, query, headers, request.scope["state"][AT_END])

    return read_job


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
