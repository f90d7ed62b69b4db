"""`python -m rockseg_inference.entrypoints.fetch_model PATH FOLDER`: a bundle of the bucket, before a worker starts.

PATH stands behind ROCKSEG_OBJECT_PREFIX; the store is that of ROCKSEG_S3_…, and is waited for.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Never

from rockseg_core.adapters.s3 import WORKER_PROFILE, S3Store, s3_settings
from rockseg_core.adapters.stderr_log import log_to_stderr, say_last
from rockseg_core.adapters.waiting import until_store_answers
from rockseg_core.domain.errors import RocksegError
from rockseg_inference.fetch_model import fetch_bundle
from rockseg_inference.settings import from_environment

EXIT_USAGE: Final = 2


async def fetch(environ: Mapping[str, str], path: str, folder: Path) -> None:
    """Raises SettingsError and BundleError with one sentence."""
    prefix = from_environment(environ).object_prefix
    store = S3Store(s3_settings(environ), WORKER_PROFILE)
    try:
        await until_store_answers(lambda: store.check(prefix))
        await until_store_answers(lambda: fetch_bundle(store, f"{prefix}{path.strip('/')}/", folder))
    finally:
        await store.close()


def main(arguments: list[str]) -> Never:
    try:
        path, folder = arguments
    except ValueError:
        sys.stderr.write(f"{__doc__}\n")
        sys.exit(EXIT_USAGE)
    try:
        log_to_stderr(os.environ)
        asyncio.run(fetch(os.environ, path, Path(folder)))
    except RocksegError as error:
        say_last("fetch_model", error.sentence)
        sys.exit(EXIT_USAGE)
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
