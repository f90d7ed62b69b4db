"""Whether the variables that are set work together: one that would have no effect is a mistake that nobody sees."""

import ipaddress
import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from rockseg_core.domain.errors import SettingsError

if TYPE_CHECKING:
    from rockseg_core.adapters.kafka.settings import KafkaSettings

_BROKER: Final = re.compile(r"(?:\[([^\]]*)\]|([^:]+)):([0-9]+)")
_MAX_PORT: Final = 65535


def check_fit(settings: "KafkaSettings", given: Collection[str], prefix: str) -> None:
    """`given` are the variables that are set, without their prefix. Raises SettingsError that names one."""
    _check_brokers(settings.brokers, f"{prefix}BROKERS")
    for useless, why in _useless(settings, frozenset(given), prefix):
        for name in sorted(useless):
            raise SettingsError(f"{prefix}{name} is set, but {why}")


def _check_brokers(brokers: str, variable: str) -> None:
    for broker in brokers.split(","):
        match = _BROKER.fullmatch(broker.strip())
        if match is None or not 0 < int(match[3]) <= _MAX_PORT:
            raise SettingsError(f"{variable} has a port that is none: they go from 1 to {_MAX_PORT}")
        try:
            ipaddress.IPv6Address(match[1] or "::")
        except ValueError:
            raise SettingsError(f"{variable} has brackets around what is no IPv6 address") from None
        try:
            (match[2] or "").encode("idna")  # as asyncio does; what that raises is no OSError that one waits out
        except UnicodeError:
            raise SettingsError(
                f"{variable} has a host that is no name: between its dots stand 1 to 63 characters"
            ) from None


def _useless(settings: "KafkaSettings", given: frozenset[str], prefix: str) -> Iterator[tuple[frozenset[str], str]]:
    """What is set of each kind that has no effect, and why."""
    protocol = f"{prefix}SECURITY_PROTOCOL={settings.security_protocol}"
    mechanism = f"{prefix}SASL_MECHANISM={settings.sasl_mechanism}"
    if not settings.security_protocol.startswith("SASL"):
        harmless = {"SASL_MECHANISM"} if settings.sasl_mechanism == "PLAIN" else set()  # the default, spelt out
        yield _begin(given, "SASL_") - harmless, f"{protocol} uses no SASL"
    if not settings.security_protocol.endswith("SSL"):
        yield _begin(given, "TLS_"), f"{protocol} uses no TLS"
    if settings.sasl_mechanism == "OAUTHBEARER":
        yield given & {"SASL_USERNAME", "SASL_PASSWORD", "SASL_PASSWORD_FILE"}, f"{mechanism} takes a token instead"
    else:
        yield _begin(given, "SASL_TOKEN_"), f"{mechanism} takes a user and a password instead"
    if "SASL_TOKEN_HOOK" in given:
        yield given & {"SASL_TOKEN_FILE"}, f"so is {prefix}SASL_TOKEN_HOOK: choose one"
    if "TLS_CERT_FILE" not in given:
        yield _begin(given, "TLS_KEY_"), f"{prefix}TLS_CERT_FILE is not set"


def _begin(given: frozenset[str], start: str) -> frozenset[str]:
    return frozenset(name for name in given if name.startswith(start))
