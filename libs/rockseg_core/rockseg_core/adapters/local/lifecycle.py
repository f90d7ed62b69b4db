import logging
import threading
from typing import Final

from rockseg_core.adapters.local.store import LocalStore
from rockseg_core.domain.clock import Clock

_log = logging.getLogger(__name__)

OBJECTS: Final = "jobs/"
SECONDS: Final = 8 * 24 * 3600.0  # the longest lifetime of a job, and a day
PAUSE_SECONDS: Final = 3600.0


class Lifecycle:
    """The net below the API's sweep, as a bucket's lifecycle rule is: objects of jobs that nobody knows any more.

    Such are photos whose request never reached the log, and all of a job whose row was lost before it expired.
    """

    def __init__(self, store: LocalStore, clock: Clock, prefix: str) -> None:
        """`prefix` stands before each key of this service."""
        self._store, self._clock, self._prefix = store, clock, prefix
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rockseg-lifecycle", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns once nothing is deleted any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                expired = self._store.expire(self._prefix + OBJECTS, self._clock.now() - SECONDS)
            except OSError as error:
                _log.warning("old objects could not be deleted: %s", error.strerror)
            else:
                if expired:
                    _log.info("%d objects of forgotten jobs deleted", expired)
            if self._stopped.wait(PAUSE_SECONDS):
                return
