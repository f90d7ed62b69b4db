from typing import Any

import structlog
from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from rockseg_api.http.answers import JobAccepted, json_answer
from rockseg_api.http.documents import KEY_NEEDED, SUBMIT_RESPONSES, SubmitOperation
from rockseg_api.http.draining import Drain
from rockseg_api.http.form import FormHead, FormLimits, read_form
from rockseg_api.http.guards import Guard, given_key
from rockseg_api.http.options import idempotency_key, submit_options
from rockseg_api.http.upload_memory import UploadMemory
from rockseg_api.keys import Caller
from rockseg_api.metrics import ApiMetrics
from rockseg_api.usecases.submit import SubmitJob

log = structlog.get_logger("rockseg_api")


def submit_route(
    submit: SubmitJob,
    limits: FormLimits,
    memory: UploadMemory,
    drain: Drain,
    metrics: ApiMetrics,
    guards: list[Guard],
) -> HTTPRouteHandler:
    """`POST /predict`."""

    @post(
        "/predict",
        status_code=202,
        operation_id="submitJob",
        operation_class=SubmitOperation,
        summary="Submit a photo",
        responses=SUBMIT_RESPONSES,
        tags=["jobs"],
        guards=guards,
        security=KEY_NEEDED,
        request_max_body_size=None,  # read_form has the limits, and says which one was met
    )
    async def submit_job(request: Request[Caller, None, Any]) -> ASGIResponse:
        """Accept a photo of a drill core; the answer comes once it is durable. Then poll `GET /job/{job_id}`."""
        key = idempotency_key(given_key(request))
        head = FormHead.of(request.headers, limits)
        with memory.lease(request.user.tenant, head.announced_bytes or 0) as lease:
            form = await read_form(request.receive, head, limits, lease, drain)
            options = submit_options(form.options)
            accepted = await submit(request.user.tenant, form.photo, options, key, admitted=key is None)
        metrics.submits.inc()
        metrics.upload_bytes.inc(len(form.photo))
        log.info("job accepted", job_id=str(accepted.job_id), tenant=request.user.tenant, bytes=len(form.photo))
        return json_answer(JobAccepted(accepted.job_id, accepted.status.value), status_code=202)

    return submit_job
