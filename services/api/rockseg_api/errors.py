"""What the API itself may answer instead of a result, on core's tree; HTTP statuses stand in one table elsewhere."""

from rockseg_core.domain.errors import FatalError, TransientError, UsageError


class JobUnknownError(UsageError):
    """No such job, or another tenant's, or one forgotten an hour after it expired: nobody can tell which."""

    code = "job_unknown"


class JobGoneError(UsageError):
    """Erased by its client, or expired: its result is no more."""

    code = "job_gone"


class IdempotencyKeyReusedError(UsageError):
    """The key names a job of another photo or other options."""

    code = "idempotency_key_reused"


class IdempotencyKeySpentError(UsageError):
    """The key names a job that was erased or has expired."""

    code = "idempotency_key_spent"


class ViewNotReadyError(TransientError):
    """The log did not answer in time and the view has no such job: whether there is one is not known."""

    code = "view_behind"


class TooManyUnfinishedError(TransientError):
    """This tenant has as many unfinished jobs as one may have, so that none starves the rest."""

    code = "too_many_unfinished"


class QueueTooLongError(TransientError):
    """Jobs wait so long that a new one might expire before its turn."""

    code = "queue_too_long"


class RenderBusyError(TransientError):
    """As many overlays are being drawn as may be."""

    code = "render_busy"
    retry_after_seconds: int = 1


class AnswersBusyError(TransientError):
    """As many bytes of results wait to be sent as may."""

    code = "answers_busy"


class ModelUnknownError(TransientError):
    """No worker has named its model yet."""

    code = "model_unknown"


class ResultMissingError(FatalError):
    """An object of a finished job is gone from the store, or spoiled, though the job is not: something did that."""

    code = "result_missing"
