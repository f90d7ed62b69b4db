"""Where OAUTHBEARER's tokens come from; aiokafka asks at each new connection."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from typing_extensions import override

from rockseg_core.adapters.kafka.settings import PREFIX
from rockseg_core.domain.errors import SettingsError

TOKEN_SECONDS: Final = 5.0
"""aiokafka waits for a token under the one lock of all its connections, without a time-out of its own."""


class TokenUnavailableError(KafkaConnectionError):  # type: ignore[misc]  # aiokafka carries no types
    """No token now; its message names the variable. Of Kafka's kind: any other would end aiokafka's tasks for good."""


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka carries no types
    """A file that somebody else keeps fresh, as Kubernetes does with the tokens of service accounts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    async def token(self) -> str:
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                token = (await asyncio.to_thread(self._path.read_text, encoding="utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnavailableError(f"{PREFIX}SASL_TOKEN_FILE names a file that cannot be read") from error
        if not token:
            raise TokenUnavailableError(f"{PREFIX}SASL_TOKEN_FILE names a file that is empty")
        return token


class TokenHook(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka carries no types
    """A function of the operator's own."""

    def __init__(self, function: Callable[[], Awaitable[str]]) -> None:
        self._function = function

    @classmethod
    def load(cls, name: str) -> "TokenHook":
        """`name` is `module:function`; raises SettingsError, without what its module said: it deals in secrets."""
        module, _, function = name.partition(":")
        try:
            found = getattr(import_module(module), function)
        except Exception as error:  # noqa: BLE001 - the operator's module may raise anything
            raise SettingsError(
                f"{PREFIX}SASL_TOKEN_HOOK names no function that can be imported ({type(error).__name__})"
            ) from None
        if not inspect.iscoroutinefunction(found) or _needs_arguments(found):
            raise SettingsError(f"{PREFIX}SASL_TOKEN_HOOK does not name an async function that needs no argument")
        return cls(found)

    @override
    async def token(self) -> str:
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                return await self._function()
        except Exception as error:
            raise TokenUnavailableError(
                f"the function of {PREFIX}SASL_TOKEN_HOOK gave no token ({type(error).__name__})"
            ) from error


def _needs_arguments(function: Callable[..., object]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    return False
