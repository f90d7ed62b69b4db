"""Large bodies go out piece by piece: a server that takes one whole keeps it in memory until the client has read it."""

from base64 import b64encode
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import HTTPResponseBodyEvent, Receive, Send
from typing_extensions import override

from rockseg_api.http.answers import JSON, JobBody

PIECE_BYTES: Final = 256 * 1024
"""Some round trips' worth; what one client that does not read may keep in the server's buffer."""

_RAW_BYTES: Final = PIECE_BYTES // 4 * 3  # in base64 it is one piece
_EMPTY_PICTURE: Final = b'"base64":""'  # within a JSON string its quotes would be escaped, so it stands there once

_encode = msgspec.json.Encoder().encode


class PictureJson(ASGIResponse):
    """A job with its overlay in base64, which is made while it is sent: half a second of a 50 MP photo's, at once."""

    def __init__(self, job: JobBody, picture: bytes, headers: dict[str, str]) -> None:
        """`job` has a result whose `base64` is empty."""
        before, mark, after = _encode(job).partition(_EMPTY_PICTURE)
        self._before = before + mark[:-1]
        self._picture = picture
        self._after = mark[-1:] + after
        length = len(self._before) + (len(picture) + 2) // 3 * 4 + len(self._after)
        super().__init__(content_length=length, media_type=JSON, headers=headers)

    @override
    async def send_body(self, send: Send, receive: Receive) -> None:
        await send(_more(self._before))
        for first in range(0, len(self._picture), _RAW_BYTES):
            await send(_more(b64encode(self._picture[first : first + _RAW_BYTES])))
        await send({"type": "http.response.body", "body": self._after, "more_body": False})


def _more(body: bytes) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": body, "more_body": True}
