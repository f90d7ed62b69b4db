"""Where OAUTHBEARER's tokens come from; aiokafka asks at each new connection."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from typing_extensions import override

from rockseg_core.adapters.kafka.settings import PREFIX
from rockseg_core.domain.errors import SettingsError


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka carries no types
    """A file that somebody else keeps fresh, as Kubernetes does with the tokens of service accounts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    async def token(self) -> str:
        return (await asyncio.to_thread(self._path.read_text, encoding="utf-8")).strip()


class TokenHook(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka carries no types
    """A function of the operator's own."""

    def __init__(self, function: Callable[[], Awaitable[str]]) -> None:
        self._function = function

    @classmethod
    def load(cls, name: str) -> "TokenHook":
        """`name` is `module:function`; raises SettingsError."""
        module, _, function = name.partition(":")
        try:
            found = getattr(import_module(module), function)
        except (ImportError, AttributeError):
            raise SettingsError(f"{PREFIX}SASL_TOKEN_HOOK names no function that can be imported") from None
        return cls(found)

    @override
    async def token(self) -> str:
        try:
            return await self._function()
        except Exception as error:
            # Any other kind of error would end aiokafka's background tasks for good, and tell nobody.
            raise KafkaConnectionError("the token hook failed") from error
