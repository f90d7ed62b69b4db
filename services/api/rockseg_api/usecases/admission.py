"""Whether one more job may come in (design §4.5)."""

from rockseg_api.errors import QueueTooLongError, TooManyUnfinishedError
from rockseg_api.view.job_view import JobView
from rockseg_core.domain.job import Tenant


class Admission:
    """Judges by this replica's view, without the barrier: limits of a thousand jobs and of hours need no exactness."""

    def __init__(self, view: JobView, *, most_unfinished: int, longest_queue_seconds: float) -> None:
        self._view = view
        self._most_unfinished = most_unfinished
        self._longest_queue_seconds = longest_queue_seconds

    def __call__(self, tenant: Tenant) -> None:
        """Raises TooManyUnfinishedError for this tenant, QueueTooLongError for all of them."""
        if not self._view.whole:  # what ended long ago would still count as waiting
            return
        if self._view.unfinished(tenant, self._most_unfinished) >= self._most_unfinished:
            raise TooManyUnfinishedError(
                f"{self._most_unfinished} of your jobs have not ended yet; wait for some of them, or erase some."
            )
        if self._view.queue_seconds() > self._longest_queue_seconds:
            raise QueueTooLongError("Jobs wait too long already for a new one to be sure of its turn; try again later.")
