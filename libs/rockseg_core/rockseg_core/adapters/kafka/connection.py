import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiokafka.client
from aiokafka.abc import AbstractTokenProvider
from aiokafka.protocol.metadata import MetadataRequest

from rockseg_core.adapters.kafka.settings import PREFIX, KafkaSettings
from rockseg_core.adapters.kafka.tokens import TokenFile, TokenHook
from rockseg_core.domain.errors import SettingsError
from rockseg_core.ports.feed import Topic

METADATA_MAX_AGE_MS: Final = 3000
"""How soon a client notices new partitions and moved leaders that no failure told it of; Kafka's own default is five
minutes. A look costs the broker about a millisecond."""

RETRY_BACKOFF_MS: Final = 50


class MetadataOfWhatIsThere(MetadataRequest):  # type: ignore[misc]  # aiokafka carries no types
    """A question for topics that makes none of them."""

    def __init__(self, topics: list[str] | None = None) -> None:
        super().__init__(topics, allow_auto_topic_creation=False)


def make_no_topics() -> None:
    """From now on aiokafka 0.14 asks brokers for no topic in a way that makes it; it has no setting for that.

    Brokers do so unless told otherwise (`auto.create.topics.enable`), of one partition and one replica: whoever waits
    for a topic, or has lost one, would get it at once, and accept jobs that nobody else holds.
    """
    aiokafka.client.MetadataRequest = MetadataOfWhatIsThere


class KafkaConnection:
    """The settings once they are known to fit together, as aiokafka takes them. Opens no connection."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Reads the files that the settings name; raises SettingsError that names the variable."""
        make_no_topics()
        self.settings = settings
        self.topics: Mapping[Topic, str] = settings.topics
        self.roles: Mapping[str, Topic] = {name: topic for topic, name in settings.topics.items()}
        if len({name.replace(".", "_") for name in self.roles}) < len(self.topics):  # brokers take a.b and a_b for one
            raise SettingsError(
                f"{PREFIX}JOBS_TOPIC, {PREFIX}JOB_EVENTS_TOPIC and {PREFIX}DEAD_LETTER_TOPIC must be three topics,"
                " which differ in more than . and _"
            )
        self._arguments = {
            "bootstrap_servers": [broker.strip() for broker in settings.brokers.split(",")],
            "client_id": settings.client_id,
            "security_protocol": settings.security_protocol,
            "metadata_max_age_ms": METADATA_MAX_AGE_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            **_tls(settings),
            **_sasl(settings),
        }

    def arguments(self, **others: Any) -> dict[str, Any]:
        """Keyword arguments of AIOKafkaProducer, AIOKafkaConsumer and AIOKafkaAdminClient; `others` go before."""
        return self._arguments | others


def _tls(settings: KafkaSettings) -> dict[str, Any]:
    if settings.security_protocol not in {"SSL", "SASL_SSL"}:
        return {}
    try:
        context = ssl.create_default_context(cafile=settings.tls_ca_file)
    except (OSError, ssl.SSLError):
        raise SettingsError(f"{PREFIX}TLS_CA_FILE holds no CA certificates that can be read (PEM)") from None
    if settings.tls_cert_file is None:
        return {"ssl_context": context}
    password = _secret(settings.tls_key_password, settings.tls_key_password_file, "TLS_KEY_PASSWORD")
    try:
        # A function, so that OpenSSL never asks at the terminal for a password that was not set.
        context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file, password=lambda: password)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"{PREFIX}TLS_CERT_FILE and {PREFIX}TLS_KEY_FILE (and {PREFIX}TLS_KEY_PASSWORD) are no certificate"
            " and its key that can be read (PEM)"
        ) from None
    return {"ssl_context": context}


def _sasl(settings: KafkaSettings) -> dict[str, Any]:
    if not settings.security_protocol.startswith("SASL"):
        return {}
    if settings.sasl_mechanism == "OAUTHBEARER":
        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": _token_provider(settings)}
    if not settings.sasl_username:
        raise SettingsError(f"{PREFIX}SASL_USERNAME is not set: {settings.sasl_mechanism} needs a user")
    password = _secret(settings.sasl_password, settings.sasl_password_file, "SASL_PASSWORD")
    if not password:
        raise SettingsError(
            f"{PREFIX}SASL_PASSWORD or {PREFIX}SASL_PASSWORD_FILE is not set: {settings.sasl_mechanism} needs one"
        )
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password,
    }


def _token_provider(settings: KafkaSettings) -> AbstractTokenProvider:
    if settings.sasl_token_hook:
        return TokenHook.load(settings.sasl_token_hook)
    if settings.sasl_token_file is not None:
        if not _read(settings.sasl_token_file, "SASL_TOKEN_FILE"):
            raise SettingsError(f"{PREFIX}SASL_TOKEN_FILE names a file that is empty")
        return TokenFile(settings.sasl_token_file)
    raise SettingsError(f"{PREFIX}SASL_TOKEN_FILE or {PREFIX}SASL_TOKEN_HOOK is not set: OAUTHBEARER needs one")


def _secret(value: str, file: Path | None, name: str) -> str:
    if value and file is not None:
        raise SettingsError(f"{PREFIX}{name} and {PREFIX}{name}_FILE are both set: choose one")
    return _read(file, f"{name}_FILE") if file is not None else value


def _read(file: Path, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{PREFIX}{name} names a file that cannot be read") from None
