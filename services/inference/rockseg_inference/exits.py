from enum import Enum
from typing import Final


class ExitReason(Enum):
    """Why a worker ended."""

    DRAINED = "drained"
    SELF_TEST_FAILED = "self_test_failed"
    DEVICE_HANGS = "device_hangs"
    DEVICE_STOPPED = "device_stopped"
    CANNOT_RECEIVE = "cannot_receive"
    CANNOT_SETTLE = "cannot_settle"

    @property
    def code(self) -> int:
        """The exit code of the worker's process: 70 is EX_SOFTWARE of sysexits.h, for a worker at fault."""
        return 0 if self is ExitReason.DRAINED else 70

    def __int__(self) -> int:
        return self.code

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to say to whoever started a worker that is at fault; nothing after a drain."""
        return _SENTENCES.get(self, ())


_UNCOUNTED: Final = "No job was lost or counted as tried; they go on at the next start."
_COUNTED: Final = (
    "No job was lost. A photo that was on the device counts this as a try and runs alone at the next start; all others"
    " go on."
)
_SENTENCES: Final = {
    ExitReason.SELF_TEST_FAILED: (
        "The model failed its self-test on this machine, so no photo can be trusted to it: stopping.",
        _UNCOUNTED,
    ),
    ExitReason.DEVICE_HANGS: (
        "The device has not come back from a batch within ROCKSEG_FORWARD_SECONDS: stopping.",
        _COUNTED,
    ),
    ExitReason.DEVICE_STOPPED: ("The model ended the thread that runs it instead of answering: stopping.", _COUNTED),
    ExitReason.CANNOT_RECEIVE: (
        "The worker met an error on its way to the next job that waiting does not mend: stopping.",
        _UNCOUNTED,
    ),
    ExitReason.CANNOT_SETTLE: (
        "The worker met an error in telling how a job ended that waiting does not mend: stopping.",
        _UNCOUNTED,
    ),
}
