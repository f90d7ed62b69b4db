import asyncio
from contextlib import suppress

import msgspec
import pytest
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_secured import SecuredKafka
from tests.real.kafka_topics import create_topics, fresh_topics

from rockseg_core.adapters.kafka.check import check_brokers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.settings import KafkaSettings, kafka_settings
from rockseg_core.domain.errors import LogUnavailableError, SettingsError
from rockseg_core.ports.feed import Topic

BOTH = (Topic.JOBS, Topic.JOB_EVENTS)


async def test_brokers_that_have_the_topics_are_well(kafka_bootstrap: str) -> None:
    await check_brokers(KafkaConnection(await fresh_topics(kafka_bootstrap)), Topic)


async def test_a_topic_that_is_missing_is_named_and_may_yet_come(kafka_bootstrap: str) -> None:
    settings = KafkaSettings(brokers=kafka_bootstrap, jobs_topic="not-there")
    with pytest.raises(LogUnavailableError, match=r"not-there.*topics ensure"):
        await check_brokers(KafkaConnection(settings), BOTH)


async def test_brokers_that_are_away_are_named_and_may_yet_come() -> None:
    with pytest.raises(LogUnavailableError, match=r"ROCKSEG_KAFKA_BROKERS \(127.0.0.1:1\)"):
        await check_brokers(KafkaConnection(KafkaSettings(brokers="127.0.0.1:1")), BOTH)


async def test_another_protocol_than_the_listener_s_names_the_variable(
    kafka_bootstrap: str, secured_kafka: SecuredKafka
) -> None:
    secured = secured_kafka.address
    login = {"sasl_username": "nobody", "sasl_password": "x"}
    for settings in (
        KafkaSettings(brokers=kafka_bootstrap, security_protocol="SSL"),
        KafkaSettings(brokers=kafka_bootstrap, security_protocol="SASL_PLAINTEXT", **login),
        KafkaSettings(brokers=secured),
        KafkaSettings(brokers=secured, security_protocol="SASL_PLAINTEXT", **login),
        KafkaSettings(brokers=secured, security_protocol="SSL", tls_ca_file=secured_kafka.authority.ca_file),
    ):
        with pytest.raises((SettingsError, LogUnavailableError), match="ROCKSEG_KAFKA_SECURITY_PROTOCOL"):
            await check_brokers(KafkaConnection(settings), BOTH)


async def test_a_broker_that_hangs_is_one_that_does_not_answer(own_kafka: KafkaCluster) -> None:
    own_kafka.pause_node(own_kafka.nodes[0])
    with pytest.raises(LogUnavailableError, match="no broker of ROCKSEG_KAFKA_BROKERS"):
        await check_brokers(KafkaConnection(KafkaSettings(brokers=own_kafka.bootstrap)), BOTH)


async def test_what_secured_brokers_refuse_names_the_variable(secured_kafka: SecuredKafka) -> None:
    plain = KafkaSettings(brokers=secured_kafka.cluster.bootstrap)
    await create_topics(plain, 1)
    environ = secured_kafka.environ("nobody")
    for changes, named in (
        ({"ROCKSEG_KAFKA_SASL_PASSWORD": "wrong"}, "SASL_PASSWORD"),
        ({"ROCKSEG_KAFKA_TLS_CA_FILE": ""}, "TLS_CA_FILE"),
        ({"ROCKSEG_KAFKA_BROKERS": environ["ROCKSEG_KAFKA_BROKERS"].replace("127.0.0.1", "127.0.0.2")}, "BROKERS"),
    ):
        with pytest.raises((SettingsError, LogUnavailableError), match=f"ROCKSEG_KAFKA_{named}"):
            await check_brokers(KafkaConnection(kafka_settings(environ | changes)), BOTH)
    with pytest.raises(LogUnavailableError, match=r"may not be seen.*kafka-acls.md"):  # no rights yet
        await check_brokers(KafkaConnection(kafka_settings(environ)), BOTH)
    hook = {"SASL_MECHANISM": "OAUTHBEARER", "SASL_TOKEN_HOOK": f"{__name__}:no_token"}
    hook |= {"SASL_USERNAME": "", "SASL_PASSWORD": ""}
    with pytest.raises(LogUnavailableError, match=r"ROCKSEG_KAFKA_SASL_TOKEN_HOOK gave no token \(LookupError\)"):
        await check_brokers(
            KafkaConnection(kafka_settings(environ | {f"ROCKSEG_KAFKA_{name}": it for name, it in hook.items()})), BOTH
        )
    right = "kafka-acls --bootstrap-server $BROKERS --add --allow-principal User:nobody --operation Read --topic"
    secured_kafka.allow([f"{right} rockseg.jobs", f"{right} rockseg.job-events"])
    connection = KafkaConnection(msgspec.structs.replace(kafka_settings(environ), client_id="checked"))
    async with asyncio.timeout(60):
        while True:
            with suppress(LogUnavailableError):  # the controller answers before the broker knows of the rights
                await check_brokers(connection, BOTH)
                return


async def no_token() -> str:
    raise LookupError("of somebody who is not there today")
