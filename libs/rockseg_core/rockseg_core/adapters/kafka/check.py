import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any, Final

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    RequestTimedOutError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import Lookup
from rockseg_core.adapters.kafka.refusals import told
from rockseg_core.adapters.kafka.settings import PREFIX
from rockseg_core.adapters.kafka.tokens import TokenUnavailableError
from rockseg_core.domain.errors import LogUnavailableError, SettingsError
from rockseg_core.ports.feed import Topic

CHECK_SECONDS: Final = 5.0

_ARGUMENTS: Final = frozenset(
    {
        "client_id",
        "security_protocol",
        "ssl_context",
        "sasl_mechanism",
        "sasl_plain_username",
        "sasl_plain_password",
        "sasl_oauth_token_provider",
    }
)


async def check_brokers(connection: KafkaConnection, topics: Iterable[Topic]) -> None:
    """Whether the settings fit the brokers, for the start of a service that works with `topics`.

    Raises SettingsError with a sentence that names the variable; LogUnavailableError, which says what is missing, where
    trying again may help.
    """
    await greet(connection)
    lookup = Lookup(connection, topics, request_seconds=CHECK_SECONDS)
    try:
        await lookup.open()
        await lookup.partitions()
    except (KafkaConnectionError, NodeNotReadyError) as error:
        raise LogUnavailableError(
            f"a broker of {PREFIX}BROKERS answers, and none at the addresses that it gives (advertised.listeners)"
        ) from error
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(told(error)) from error
    finally:
        await lookup.close()


async def greet(connection: KafkaConnection) -> None:
    """Connect to one broker, so that the reason for a refusal is known: aiokafka's clients only log it.

    Raises SettingsError with a sentence that names the variable; LogUnavailableError where no broker answers.
    """
    arguments = {name: value for name, value in connection.arguments().items() if name in _ARGUMENTS}
    reason: Exception | None = None
    sentence = f"no broker of {PREFIX}BROKERS ({connection.settings.brokers}) answers"
    protocol = f"{PREFIX}SECURITY_PROTOCOL={connection.settings.security_protocol}"
    for host, port, _family in collect_hosts(connection.arguments()["bootstrap_servers"]):
        try:
            await _introduce(host, port, arguments)
        except TokenUnavailableError as error:
            raise LogUnavailableError(error.args[0]) from error
        except (KafkaError, OSError) as error:
            if refused := _refused(error, protocol, f"{host}:{port}"):
                raise SettingsError(refused) from error
            reason = error
            if await _hung_up(error, host, port):
                # A broker that starts, or a proxy without one behind it, does so too: it is waited for.
                sentence = f"{host}:{port} takes connections and ends them at once: is {protocol} right there?"
        else:
            return
    raise LogUnavailableError(sentence) from reason


def _refused(error: Exception, protocol: str, address: str) -> str | None:
    """A sentence where the brokers have said no, and will again."""
    match error:
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return f"the brokers refuse what {PREFIX}SASL_USERNAME and {PREFIX}SASL_PASSWORD, or the token, say"
        case UnsupportedSaslMechanismError():
            return f"the brokers do not take the mechanism of {PREFIX}SASL_MECHANISM there"
        case IllegalSaslStateError():
            return f"{protocol}, but no login is asked for at {address}"
        case ssl.SSLCertVerificationError():
            return (
                f"a broker's certificate is not signed by a CA of {PREFIX}TLS_CA_FILE, or is of another host than"
                f" {PREFIX}BROKERS says ({error.verify_message})"
            )
        case ssl.SSLError():
            return f"{protocol}, but no TLS is spoken at {address}, or another kind of it"
        case _:
            return None


async def _introduce(host: str, port: int, arguments: dict[str, Any]) -> None:
    greeted = await create_conn(host, port, request_timeout_ms=int(CHECK_SECONDS * 1000), **arguments)
    try:
        # Whoever has not logged in is told the versions, and cut off at the first question.
        await greeted.send(MetadataRequest([]))
    finally:
        await greeted.close()


async def _hung_up(error: Exception, host: str, port: int) -> bool:
    """Whether somebody listens there, who only did not like what we said."""
    if isinstance(error, TimeoutError | RequestTimedOutError | ConnectionRefusedError | socket.gaierror):
        return False
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
