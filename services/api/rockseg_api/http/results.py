"""Answers with the result of a finished job, in each of its forms."""

import asyncio
from contextlib import ExitStack
from typing import Final

from litestar.response.base import ASGIResponse

from rockseg_api.http.answers import JSON, JobBody, JobResult
from rockseg_api.http.options import ResultForm, ResultQuery
from rockseg_api.http.pieces import PictureJson
from rockseg_api.usecases.answer_memory import AnswerMemory
from rockseg_api.usecases.read import ReadJob
from rockseg_api.view.reading import Reading
from rockseg_core.domain.report import Report

PNG_OVERHEAD_BYTES: Final = 1 << 20
"""Beyond a byte a channel and pixel: zlib's and PNG's own, and a legend, which deflates to little."""

_BYTES_A_PIXEL: Final[dict[ResultForm, int]] = {"json": 3, "png": 3, "mask": 1}
"""Of a PNG that nothing could make smaller; reports and confidences have no more than half a megabyte."""


def largest_answer_bytes(max_pixels: int) -> int:
    """What the result of the largest photo may take in memory."""
    return max(_BYTES_A_PIXEL.values()) * max_pixels + PNG_OVERHEAD_BYTES


class ResultAnswers:
    """A finished job in the form that was asked for; memory is set aside for the large ones before they are read."""

    def __init__(self, read: ReadJob, memory: AnswerMemory) -> None:
        self._read = read
        self._memory = memory

    async def __call__(
        self, reading: Reading, query: ResultQuery, headers: dict[str, str], until_sent: ExitStack
    ) -> ASGIResponse:
        """`until_sent` is closed when the answer is sent or its client is gone.

        Raises what ReadJob's results raise, and AnswersBusyError.
        """
        match query.form:
            case "report":
                return _answer(await self._read.report(reading), JSON, headers)
            case "confidence":
                return _answer(await self._read.confidence(reading), "image/png", headers)
            case "mask" | "png" | "json":
                return await self._picture(reading, query, headers, until_sent)

    async def _picture(
        self, reading: Reading, query: ResultQuery, headers: dict[str, str], until_sent: ExitStack
    ) -> ASGIResponse:
        report = await self._read.findings(reading)
        clock = asyncio.get_running_loop()
        patience_seconds = self._read.patience_seconds(reading, query.weight)
        until = clock.time() + patience_seconds
        needed = report.width * report.height * _BYTES_A_PIXEL[query.form] + PNG_OVERHEAD_BYTES
        held = await self._memory.hold(reading.job.tenant, needed, patience_seconds)
        until_sent.callback(held.release)
        if query.form == "mask":
            body = await self._read.mask(reading)
        else:
            left = max(0.0, until - clock.time())
            body = await self._read.overlay(reading, weight=query.weight, legend=query.legend, patience_seconds=left)
        held.settle(len(body))
        if query.form == "json":
            return PictureJson(JobBody.of(reading.job, JobResult(_classes(report), "")), body, headers)
        return _answer(body, "image/png", headers)


def _classes(report: Report) -> dict[str, tuple[int, int, int]]:
    """Class name → RGB, in index order."""
    return {rock.name: rock.rgb for rock in sorted(report.classes, key=lambda found: found.index)}


def _answer(body: bytes, media_type: str, headers: dict[str, str]) -> ASGIResponse:
    return ASGIResponse(body=body, media_type=media_type, headers=headers)
