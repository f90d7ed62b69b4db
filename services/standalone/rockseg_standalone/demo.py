"""`make demo`: one core photo through the real API, log, worker and model, and where the results lie."""

import sys

from rockseg_standalone.terminal import EXIT_INTERRUPTED, plain


def main(arguments: list[str]) -> int:
    """Exit code 0 with an overlay, a mask and a report on disk; 1 with a sentence otherwise, 130 after Ctrl-C."""
    try:
        from rockseg_standalone.demo_run import run  # noqa: PLC0415  # Ctrl-C while it is read is no traceback either

        return run(arguments)
    except KeyboardInterrupt:
        plain().print("Stopped.")
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
