import ssl
import traceback
from pathlib import Path

import pytest
from aiokafka.errors import KafkaConnectionError
from tests.real.certificates import Authority

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.settings import KafkaSettings, kafka_settings, settings_table
from rockseg_core.domain.errors import SettingsError
from rockseg_core.ports.feed import Topic

PASSWORD = "a-password-that-nobody-may-see"
HERE = {"BROKERS": "one:9092"}
SCRAM = HERE | {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "SCRAM-SHA-512"}
OAUTH = HERE | {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "OAUTHBEARER"}
LOGIN = {"SASL_USERNAME": "api", "SASL_PASSWORD": PASSWORD}
TLS = HERE | {"SECURITY_PROTOCOL": "SSL"}


def connected(values: dict[str, str]) -> KafkaConnection:
    return KafkaConnection(kafka_settings({f"ROCKSEG_KAFKA_{name}": value for name, value in values.items()}))


async def hook() -> str:
    return "a token"


def synchronous_hook() -> str:
    return "a token"


async def asking_hook(audience: str) -> str:
    return audience


async def broken_hook() -> str:
    raise LookupError("no such thing")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def test_brokers_are_all_that_must_be_set() -> None:
    arguments = connected({"BROKERS": " one:9092 , two.example:9093"}).arguments()
    assert arguments["bootstrap_servers"] == ["one:9092", "two.example:9093"]
    assert arguments["security_protocol"] == "PLAINTEXT"
    assert "ssl_context" not in arguments


def test_topics_bear_the_names_that_are_set() -> None:
    connection = connected(HERE | {"JOBS_TOPIC": "cores.in"})
    assert connection.topics[Topic.JOBS] == "cores.in"
    assert connection.roles["rockseg.job-events"] is Topic.JOB_EVENTS


def test_a_password_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    for values in ({"SASL_PASSWORD": PASSWORD}, {"SASL_PASSWORD_FILE": str(file)}):
        arguments = connected(SCRAM | {"SASL_USERNAME": "api"} | values).arguments()
        assert (arguments["sasl_mechanism"], arguments["sasl_plain_username"]) == ("SCRAM-SHA-512", "api")
        assert arguments["sasl_plain_password"] == PASSWORD


async def test_tokens_come_from_a_file_that_is_read_each_time_or_from_a_hook(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    provider = connected(OAUTH | {"SASL_TOKEN_FILE": str(file)}).arguments()["sasl_oauth_token_provider"]
    assert await provider.token() == "first"
    file.write_text("second\n")
    assert await provider.token() == "second"
    for spoilt in (b" ", b"\xff"):
        file.write_bytes(spoilt)
        with pytest.raises(KafkaConnectionError):
            await provider.token()
    provider = connected(OAUTH | {"SASL_TOKEN_HOOK": f"{__name__}:hook"}).arguments()["sasl_oauth_token_provider"]
    assert await provider.token() == "a token"


async def test_a_hook_that_fails_is_a_connection_that_fails() -> None:
    connection = connected(OAUTH | {"SASL_TOKEN_HOOK": f"{__name__}:broken_hook"})
    with pytest.raises(KafkaConnectionError):
        await connection.arguments()["sasl_oauth_token_provider"].token()


def test_tls_takes_a_ca_and_a_certificate_of_the_client(authority: Authority) -> None:
    client = authority.issue("client")
    files = {
        "TLS_CA_FILE": str(authority.ca_file),
        "TLS_CERT_FILE": str(client.certificate),
        "TLS_KEY_FILE": str(client.key),
    }
    context = connected(TLS | files).arguments()["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1


def test_nothing_secret_is_printed() -> None:
    settings = connected(SCRAM | {"SASL_USERNAME": "api", "SASL_PASSWORD": PASSWORD}).settings
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "BROKERS"),
        ({"BROKERS": "one"}, "BROKERS"),
        ({"BROKERS": "one:9092;two:9092"}, "BROKERS"),
        ({"BROKERS": "one:9092,"}, "BROKERS"),
        ({"BROKERS": "one:9092,two:70000"}, "BROKERS"),
        ({"BROKERS": "one:0"}, "BROKERS"),
        ({"BROKERS": "::1:9092"}, "BROKERS"),
        ({"BROKERS": "[::1:2]3]:9092"}, "BROKERS"),
        ({"BROKERS": "[1.2]:9092"}, "BROKERS"),
        (HERE | {"SECURITY_PROTOCOL": "TLS"}, "SECURITY_PROTOCOL"),
        (HERE | {"SASL_MECHANISM": "GSSAPI"}, "SASL_MECHANISM"),
        (HERE | {"SASL_USERNAME": "api"}, "SASL_USERNAME is set"),
        (HERE | {"SASL_MECHANISM": "SCRAM-SHA-256"}, "SASL_MECHANISM is set"),
        (TLS | {"SASL_PASSWORD": PASSWORD}, "SASL_PASSWORD is set"),
        (HERE | {"SASL_PASSWORD_FILE": "/etc/password"}, "SASL_PASSWORD_FILE is set"),
        (HERE | {"SASL_TOKEN_FILE": "/etc/token"}, "SASL_TOKEN_FILE is set"),
        (HERE | {"SASL_TOKEN_HOOK": f"{__name__}:hook"}, "SASL_TOKEN_HOOK is set"),
        (HERE | {"TLS_CA_FILE": "/etc/ca.crt"}, "TLS_CA_FILE is set"),
        (HERE | {"TLS_KEY_PASSWORD": PASSWORD}, "TLS_KEY_PASSWORD is set"),
        (SCRAM | {"TLS_CERT_FILE": "/etc/tls.crt"}, "TLS_CERT_FILE is set"),
        (SCRAM | LOGIN | {"SASL_TOKEN_FILE": "/etc/token"}, "SASL_TOKEN_FILE is set"),
        (SCRAM | LOGIN | {"SASL_TOKEN_HOOK": f"{__name__}:hook"}, "SASL_TOKEN_HOOK is set"),
        (OAUTH | {"SASL_TOKEN_FILE": "/etc/token", "SASL_USERNAME": "api"}, "SASL_USERNAME is set"),
        (OAUTH | {"SASL_TOKEN_FILE": "/etc/token", "SASL_PASSWORD": PASSWORD}, "SASL_PASSWORD is set"),
        (OAUTH | {"SASL_TOKEN_FILE": "/etc/token", "SASL_TOKEN_HOOK": f"{__name__}:hook"}, "SASL_TOKEN_FILE is set"),
        (OAUTH | {"SASL_TOKEN_FILE": "/dev/null"}, "SASL_TOKEN_FILE names a file that is empty"),
        (SCRAM, "SASL_USERNAME"),
        (SCRAM | {"SASL_USERNAME": "api"}, "SASL_PASSWORD"),
        (SCRAM | {"SASL_USERNAME": "api", "SASL_PASSWORD": "x", "SASL_PASSWORD_FILE": "/x"}, "SASL_PASSWORD_FILE"),
        (SCRAM | {"SASL_USERNAME": "api", "SASL_PASSWORD_FILE": "/nowhere"}, "SASL_PASSWORD_FILE"),
        (OAUTH, "SASL_TOKEN_FILE"),
        (OAUTH | {"SASL_TOKEN_FILE": "/nowhere"}, "SASL_TOKEN_FILE"),
        (OAUTH | {"SASL_TOKEN_HOOK": "no colon"}, "SASL_TOKEN_HOOK"),
        (OAUTH | {"SASL_TOKEN_HOOK": "no_such_module:token"}, "SASL_TOKEN_HOOK"),
        (OAUTH | {"SASL_TOKEN_HOOK": f"{__name__}:no_such_function"}, "SASL_TOKEN_HOOK"),
        (OAUTH | {"SASL_TOKEN_HOOK": "os:sep"}, "SASL_TOKEN_HOOK"),
        (OAUTH | {"SASL_TOKEN_HOOK": f"{__name__}:synchronous_hook"}, "SASL_TOKEN_HOOK"),
        (OAUTH | {"SASL_TOKEN_HOOK": f"{__name__}:asking_hook"}, "SASL_TOKEN_HOOK"),
        (TLS | {"TLS_CA_FILE": "/nowhere"}, "TLS_CA_FILE"),
        (TLS | {"TLS_KEY_FILE": "/etc/key"}, "TLS_CERT_FILE"),
        (TLS | {"TLS_KEY_PASSWORD": PASSWORD}, "TLS_KEY_PASSWORD is set"),
        (TLS | {"TLS_KEY_PASSWORD_FILE": "/etc/password"}, "TLS_KEY_PASSWORD_FILE is set"),
        (TLS | {"TLS_CERT_FILE": "/nowhere"}, "TLS_CERT_FILE"),
        (HERE | {"JOBS_TOPIC": "core boxes"}, "JOBS_TOPIC"),
        (HERE | {"JOBS_TOPIC": "."}, "JOBS_TOPIC"),
        (HERE | {"DEAD_LETTER_TOPIC": ".."}, "DEAD_LETTER_TOPIC"),
        (HERE | {"JOBS_TOPIC": "one", "JOB_EVENTS_TOPIC": "one"}, "JOB_EVENTS_TOPIC"),
        (HERE | {"JOBS_TOPIC": "my.jobs", "JOB_EVENTS_TOPIC": "my_jobs"}, "JOB_EVENTS_TOPIC"),
        (HERE | {"SEND_SECONDS": "0"}, "SEND_SECONDS"),
    ],
)
def test_what_does_not_fit_is_one_sentence_that_names_the_variable(values: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError) as raised:
        connected(values)
    assert f"ROCKSEG_KAFKA_{named}" in raised.value.sentence
    assert "\n" not in raised.value.sentence
    assert PASSWORD not in raised.value.sentence
    assert "^" not in raised.value.sentence, "a pattern is for machines"


def test_a_hook_s_module_that_fails_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hook_that_fails.py").write_text(f"raise RuntimeError('{PASSWORD}')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SettingsError, match="ROCKSEG_KAFKA_SASL_TOKEN_HOOK") as raised:
        connected(OAUTH | {"SASL_TOKEN_HOOK": "hook_that_fails:token"})
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert connected({"BROKERS": "[::1]:9092, [fd00::7]:65535"}).arguments()["bootstrap_servers"] == [
        "[::1]:9092",
        "[fd00::7]:65535",
    ]


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    file = tmp_path / "not-pem"
    file.write_text("hello")
    with pytest.raises(SettingsError, match="ROCKSEG_KAFKA_TLS_CA_FILE"):
        connected(TLS | {"TLS_CA_FILE": str(file)})
    with pytest.raises(SettingsError, match="ROCKSEG_KAFKA_TLS_CERT_FILE"):
        connected(TLS | {"TLS_CERT_FILE": str(file)})


def test_every_variable_is_in_the_table() -> None:
    table = settings_table()
    for field in KafkaSettings.__struct_fields__:
        assert f"`ROCKSEG_KAFKA_{field.upper()}`" in table
