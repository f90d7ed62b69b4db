import os
import signal
import sys
from types import FrameType
from typing import Final, Never

from rockseg_core.domain.errors import RocksegError

EXIT_USAGE: Final = 2
HELP: Final = """Usage: rockseg-inference

The worker of rockseg: takes jobs from Kafka, photos from S3, and puts masks and reports there.
It takes no arguments; its settings are environment variables, ROCKSEG_..., listed in the README.
"""


def main() -> Never:
    """Entry point: an error of ours is one sentence and exit code 2."""
    if len(sys.argv) > 1:
        asked = sys.argv[1] in {"-h", "--help"}
        (sys.stdout if asked else sys.stderr).write(HELP)
        sys.exit(0 if asked else EXIT_USAGE)
    # Before seconds of imports: the first process of a container does not notice a SIGTERM that it has no handler for,
    # and a pod that is told to end as it begins would be killed at the end of its grace period.
    signal.signal(signal.SIGTERM, _nothing_begun)
    from rockseg_core.adapters.stderr_log import say_last  # noqa: PLC0415 - after the handler above
    from rockseg_inference.process import run  # noqa: PLC0415  # so that --help is quick

    try:
        sys.exit(run(os.environ))
    except RocksegError as error:
        say_last("rockseg-inference", error.sentence)
        sys.exit(EXIT_USAGE)


def _nothing_begun(_number: int, _frame: FrameType | None) -> Never:
    sys.exit(0)


if __name__ == "__main__":
    main()
