import ssl
from collections.abc import Iterable
from typing import Final

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
)

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import Lookup
from rockseg_core.adapters.kafka.settings import PREFIX
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
    await _greet(connection)
    lookup = Lookup(connection, topics, request_seconds=CHECK_SECONDS)
    try:
        await lookup.open()
        await lookup.partitions()
    except UnknownTopicOrPartitionError as error:
        raise LogUnavailableError(
            f"the topic {error.args[0]} is not there, or may not be read: `rockseg-api topics ensure` makes it,"
            " docs/kafka-acls.md says what must be allowed"
        ) from error
    except (KafkaError, OSError) as error:
        raise LogUnavailableError(_unreachable(connection)) from error
    finally:
        await lookup.close()


async def _greet(connection: KafkaConnection) -> None:
    """Connect to one broker, so that the reason for a refusal is known: aiokafka's clients only log it."""
    arguments = {name: value for name, value in connection.arguments().items() if name in _ARGUMENTS}
    reason: Exception | None = None
    for host, port, _family in collect_hosts(connection.arguments()["bootstrap_servers"]):
        try:
            greeted = await create_conn(host, port, request_timeout_ms=int(CHECK_SECONDS * 1000), **arguments)
        except (SaslAuthenticationFailed, AuthenticationFailedError) as error:
            raise SettingsError(
                f"the brokers refuse what {PREFIX}SASL_USERNAME and {PREFIX}SASL_PASSWORD, or the token, say"
            ) from error
        except (UnsupportedSaslMechanismError, IllegalSaslStateError) as error:
            raise SettingsError(f"the brokers do not take the mechanism of {PREFIX}SASL_MECHANISM there") from error
        except ssl.SSLCertVerificationError as error:
            raise SettingsError(
                f"a broker's certificate is not signed by a CA of {PREFIX}TLS_CA_FILE, or is of another host than"
                f" {PREFIX}BROKERS says ({error.verify_message})"
            ) from error
        except ssl.SSLError as error:
            raise SettingsError(
                f"{PREFIX}SECURITY_PROTOCOL={connection.settings.security_protocol}, but no TLS is spoken at"
                f" {host}:{port}, or another kind of it"
            ) from error
        except (KafkaError, OSError) as error:
            reason = error
        else:
            await greeted.close()
            return
    raise LogUnavailableError(_unreachable(connection)) from reason


def _unreachable(connection: KafkaConnection) -> str:
    return f"no broker of {PREFIX}BROKERS ({connection.settings.brokers}) answers"
