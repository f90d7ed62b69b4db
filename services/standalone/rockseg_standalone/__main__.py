import sys

if __name__ == "__main__":
    try:
        from rockseg_standalone.cli import main  # here, so that Ctrl-C while Python reads the code is no traceback

        main()
    except KeyboardInterrupt:
        sys.exit(130)
