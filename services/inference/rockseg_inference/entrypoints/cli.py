import sys
from typing import Never


def main() -> Never:
    """The worker as a process of its own needs the log on Kafka and the store on S3, which this release has not."""
    sys.stderr.write("This release runs the worker inside `rockseg up`; there is no worker process of its own yet.\n")
    sys.exit(2)
