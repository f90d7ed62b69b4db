from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from typing_extensions import override

from rockseg_core.adapters.kafka.settings_fit import check_fit
from rockseg_core.codec import settings as variables
from rockseg_core.ports.feed import Topic

PREFIX: Final = "ROCKSEG_KAFKA_"

_BROKER = r"([^\s,:\[\]]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}"
# Kafka's own rule, org.apache.kafka.common.internals.Topic
_TopicName = r"^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$"
_TOPIC_WORDS: Final = {"takes": "1 to 249 of A-Z, a-z, 0-9, ., _ and -; not . or .. alone"}


class KafkaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the brokers, and the names that our topics have there. `brokers` is all that must be set."""

    brokers: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"^{_BROKER}(\s*,\s*{_BROKER})*$",
            extra={"takes": "host:port, or several with commas between; an IPv6 address in brackets"},
            description="The brokers to begin with, `host:port`, several with commas between.",
        ),
    ]
    security_protocol: Annotated[
        str,
        msgspec.Meta(
            pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$",
            extra={"takes": "one of four words"},
            description="`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`.",
        ),
    ] = "PLAINTEXT"
    sasl_mechanism: Annotated[
        str,
        msgspec.Meta(
            pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER)$",
            extra={"takes": "one of four words"},
            description="`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`.",
        ),
    ] = "PLAIN"
    sasl_username: Annotated[str, msgspec.Meta(description="The user of SASL PLAIN and SCRAM.")] = ""
    sasl_password: Annotated[str, msgspec.Meta(description="The user's password.")] = ""
    sasl_password_file: Annotated[
        Path | None, msgspec.Meta(description="A file that holds the password, instead of the variable.")
    ] = None
    sasl_token_file: Annotated[
        Path | None, msgspec.Meta(description="OAUTHBEARER: a file that holds a valid token; read at each connection.")
    ] = None
    sasl_token_hook: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$",
            extra={"takes": "module:function"},
            description="OAUTHBEARER: `module:function`, an async function without arguments that returns a token.",
        ),
    ] = ""
    tls_ca_file: Annotated[
        Path | None, msgspec.Meta(description="The CA that signed the brokers' certificates; unset, the system's.")
    ] = None
    tls_cert_file: Annotated[Path | None, msgspec.Meta(description="The client's certificate (PEM).")] = None
    tls_key_file: Annotated[Path | None, msgspec.Meta(description="The key of the client's certificate (PEM).")] = None
    tls_key_password: Annotated[str, msgspec.Meta(description="The password of the key, if it has one.")] = ""
    tls_key_password_file: Annotated[
        Path | None, msgspec.Meta(description="A file that holds the key's password, instead of the variable.")
    ] = None
    jobs_topic: Annotated[
        str, msgspec.Meta(pattern=_TopicName, extra=_TOPIC_WORDS, description="The topic of requests.")
    ] = "rockseg.jobs"
    job_events_topic: Annotated[
        str, msgspec.Meta(pattern=_TopicName, extra=_TOPIC_WORDS, description="The topic of what became of them.")
    ] = "rockseg.job-events"
    dead_letter_topic: Annotated[
        str, msgspec.Meta(pattern=_TopicName, extra=_TOPIC_WORDS, description="The topic of what could not be run.")
    ] = "rockseg.dead-letter"
    group_id: Annotated[str, msgspec.Meta(min_length=1, description="The consumer group of the workers.")] = (
        "rockseg-inference"
    )
    client_id: Annotated[
        str, msgspec.Meta(min_length=1, description="How brokers name this client in their logs and quotas.")
    ] = "rockseg"
    send_seconds: Annotated[
        float, msgspec.Meta(gt=0, le=60, description="How long the log may take to confirm a record.")
    ] = 4.0

    @override
    def __repr__(self) -> str:
        """Without what is secret."""
        return f"KafkaSettings(brokers={self.brokers!r}, security_protocol={self.security_protocol!r})"

    @property
    def topics(self) -> Mapping[Topic, str]:
        """The name of each role's topic at these brokers."""
        return {
            Topic.JOBS: self.jobs_topic,
            Topic.JOB_EVENTS: self.job_events_topic,
            Topic.DEAD_LETTER: self.dead_letter_topic,
        }


def kafka_settings(environ: Mapping[str, str]) -> KafkaSettings:
    """Raises SettingsError that names the variable; what is missing or cannot be read, `KafkaConnection` finds."""
    settings = variables.read_settings(KafkaSettings, environ, PREFIX)
    names = [field.upper() for field in KafkaSettings.__struct_fields__]
    check_fit(settings, [name for name in names if environ.get(PREFIX + name, "").strip()], PREFIX)
    return settings


def settings_table() -> str:
    """All variables as a Markdown table, for the docs."""
    return variables.settings_table(KafkaSettings, PREFIX)
