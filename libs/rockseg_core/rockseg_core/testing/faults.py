from rockseg_core.domain.errors import TransientError


class Faults:
    """The switches of a fake: away altogether, or failing the next few calls."""

    def __init__(self, error: type[TransientError]) -> None:
        self.unavailable = False
        self._error = error
        self._failing = 0

    def fail_next(self, calls: int = 1) -> None:
        """The next `calls` calls fail and do nothing."""
        self._failing = calls

    def check(self) -> None:
        """Raises what the adapter raises, when a switch says so."""
        if self.unavailable:
            raise self._error
        if self._failing > 0:
            self._failing -= 1
            raise self._error
