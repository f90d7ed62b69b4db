"""`rockseg-inference` with a model that is broken as the first argument says."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence

from typing_extensions import override

from rockseg_core.adapters.s3 import S3Store
from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.errors import FatalError
from rockseg_core.domain.job import JobOptions
from rockseg_core.ports.segmenter import Plan, Segmenter, Tile
from rockseg_core.testing.null_segmenter import NullSegmenter
from rockseg_inference import process

POISON = 66  # the shade of a photo that kills the process which looks at it
LATENCY_SECONDS = 0.2


class PoisonedBy(NullSegmenter):
    """Dies, at once and without a word, of one photo."""

    @override
    def plan(self, photo: Pixels, options: JobOptions) -> Plan:
        if (photo == POISON).all():
            time.sleep(LATENCY_SECONDS)
            os._exit(137)
        return super().plan(photo, options)


class Broken(NullSegmenter):
    """Computes nothing, and knows it."""

    @override
    def forward(self, tiles: Sequence[Tile]) -> Sequence[Logits]:
        raise FatalError("the device is broken")

    @override
    def self_test(self) -> bool:
        return False


class DiesAfterUpload(S3Store):
    """The report is the last of a job's results; the event that names them never comes."""

    @override
    async def put(self, key: str, body: bytes, content_type: str) -> None:
        await super().put(key, body, content_type)
        if "/report-" in key:
            await asyncio.sleep(LATENCY_SECONDS)  # the others go up beside it
            os._exit(137)


KINDS: dict[str, type[NullSegmenter]] = {"poisoned": PoisonedBy, "broken": Broken}


def main() -> None:
    def load(_model: str) -> Segmenter:
        return KINDS[sys.argv[1]](LATENCY_SECONDS)

    if sys.argv[1] == "uploads-and-dies":
        process.S3Store = DiesAfterUpload
    else:
        process.load_segmenter = load
    sys.exit(process.run(os.environ))


if __name__ == "__main__":
    main()
