"""The `rockseg` command, so that Ctrl-C while Python still reads its code is no traceback either."""

import sys


def main() -> None:
    try:
        from rockseg_standalone.cli import main as run  # noqa: PLC0415  # a third of a second

        run()
    except KeyboardInterrupt:
        sys.exit(0 if sys.argv[1:2] == ["up"] else 130)  # Ctrl-C is how `up` is meant to end


if __name__ == "__main__":
    main()
