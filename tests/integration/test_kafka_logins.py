"""Every way to log in that the settings offer, at a broker that asks for it."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.contract.examples import a_request, an_event
from tests.contract.log_parts import soon
from tests.integration.test_kafka_secured import acls
from tests.real.kafka_secured import PASSWORD, SecuredKafka, unsigned_token
from tests.real.kafka_topics import create_topics

from rockseg_core.adapters.kafka import tokens
from rockseg_core.adapters.kafka.check import check_brokers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.deliveries import KafkaDeliverySource
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.domain.errors import LogUnavailableError
from rockseg_core.domain.job import JobStatus
from rockseg_core.ports.feed import Topic

Settings = dict[str, str]
FIRST_TOKEN_SECONDS = 4


def sasl(mechanism: str, **others: str) -> Settings:
    return {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": mechanism} | others


async def a_job_goes_through(kafka: SecuredKafka, logins: dict[str, Settings]) -> None:
    """A request by `rockseg-api`, an event by `rockseg-inference`: producer, consumer and group of each login."""

    def connection(user: str) -> KafkaConnection:
        return KafkaConnection(kafka_settings(environ(kafka, logins[user])))

    api, worker = connection("rockseg-api"), connection("rockseg-inference")
    log, outcomes, feed, deliveries = KafkaLog(api), KafkaLog(worker), KafkaFeed(api), KafkaDeliverySource(worker)
    log.open()
    outcomes.open()
    try:
        request = a_request()
        at = await log.publish_request(request)
        while (delivery := await soon(deliveries.receive())) is not None and delivery.request != request:
            await deliveries.acknowledge(delivery)
        assert delivery is not None
        await outcomes.publish_event(an_event(request, JobStatus.FINISHED, partition=at.partition, offset=at.offset))
        await deliveries.acknowledge(delivery)
        assert sum((await feed.ends()).values()) >= 2
    finally:
        await deliveries.close()
        for one in (log, outcomes, feed):
            await one.close()


def environ(kafka: SecuredKafka, login: Settings) -> Settings:
    named = {"BROKERS": kafka.address, "TLS_CA_FILE": str(kafka.authority.ca_file), "SEND_SECONDS": "5"}
    return {f"ROCKSEG_KAFKA_{name}": value for name, value in (named | login).items()}


async def prepare(kafka: SecuredKafka) -> None:
    await asyncio.to_thread(kafka.allow, acls())
    await create_topics(kafka_settings({"ROCKSEG_KAFKA_BROKERS": kafka.cluster.bootstrap}), 2)


async def test_a_job_goes_through_with_every_mechanism_of_sasl(tmp_path: Path, secured_kafka: SecuredKafka) -> None:
    await prepare(secured_kafka)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        await a_job_goes_through(
            secured_kafka,
            {
                "rockseg-api": sasl(mechanism, SASL_USERNAME="rockseg-api", SASL_PASSWORD=PASSWORD),
                "rockseg-inference": sasl(mechanism, SASL_USERNAME="rockseg-inference", SASL_PASSWORD_FILE=str(secret)),
            },
        )
    token = tmp_path / "token"
    token.write_text(unsigned_token("rockseg-api") + "\n")
    await a_job_goes_through(
        secured_kafka,
        {
            "rockseg-api": sasl("OAUTHBEARER", SASL_TOKEN_FILE=str(token)),
            "rockseg-inference": sasl("OAUTHBEARER", SASL_TOKEN_HOOK=f"{__name__}:token_of_the_worker"),
        },
    )


async def publish_until_refused(log: KafkaLog) -> None:
    while True:
        await log.publish_request(a_request())


async def token_of_the_worker() -> str:
    return unsigned_token("rockseg-inference")


async def test_a_token_that_is_renewed_in_its_file_is_used_when_the_broker_asks_again(
    tmp_path: Path, secured_kafka: SecuredKafka
) -> None:
    await prepare(secured_kafka)
    tokens = {user: tmp_path / user for user in ("rockseg-api", "rockseg-inference")}

    def renew(seconds: float) -> None:
        for user, token in tokens.items():
            replacement = token.with_suffix(".new")
            replacement.write_text(unsigned_token(user, seconds))
            replacement.replace(token)

    def connection(user: str) -> KafkaConnection:
        login = sasl("OAUTHBEARER", SASL_TOKEN_FILE=str(tokens[user]))
        return KafkaConnection(kafka_settings(environ(secured_kafka, login)))

    renew(FIRST_TOKEN_SECONDS)
    log, feed = KafkaLog(connection("rockseg-api")), KafkaFeed(connection("rockseg-api"))
    deliveries = KafkaDeliverySource(connection("rockseg-inference"))
    log.open()
    try:
        end = time.monotonic() + 2 * FIRST_TOKEN_SECONDS
        confirmed = 0
        # Well past the first token's end and several logins: nothing may fail, nothing may come twice.
        while time.monotonic() < end:
            await log.publish_request(a_request())
            confirmed += 1
            assert sum((await feed.ends()).values()) == confirmed
            delivery = await soon(deliveries.receive())
            assert delivery is not None
            assert delivery.attempt == 1
            await deliveries.acknowledge(delivery)
            renew(FIRST_TOKEN_SECONDS)
        renew(-60)
        with pytest.raises(LogUnavailableError):
            await soon(publish_until_refused(log))
    finally:
        await deliveries.close()
        await log.close()
        await feed.close()


hangs = 0


async def token_that_hangs_at_first() -> str:
    global hangs  # noqa: PLW0603 - a hook has no other state
    hangs += 1
    if hangs <= 3:
        await asyncio.Event().wait()
    return unsigned_token("rockseg-api")


async def test_a_hook_that_hangs_is_given_up_and_asked_again(
    secured_kafka: SecuredKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(secured_kafka)
    monkeypatch.setattr(tokens, "TOKEN_SECONDS", 0.2)
    login = sasl("OAUTHBEARER", SASL_TOKEN_HOOK=f"{__name__}:token_that_hangs_at_first")
    connection = KafkaConnection(kafka_settings(environ(secured_kafka, login)))
    with pytest.raises(LogUnavailableError, match="SASL_TOKEN_HOOK"):
        await soon(check_brokers(connection, [Topic.JOBS]))
    log = KafkaLog(connection)
    log.open()
    try:
        await soon(log.wait_connected())
        await log.publish_request(a_request())
    finally:
        await log.close()


async def test_a_job_goes_through_with_client_certificates_and_not_without(
    kafka_with_client_certificates: SecuredKafka,
) -> None:
    kafka = kafka_with_client_certificates
    await prepare(kafka)

    def login(user: str) -> Settings:
        issued = kafka.authority.issue(user)
        return {
            "SECURITY_PROTOCOL": "SSL",
            "TLS_CERT_FILE": str(issued.certificate),
            "TLS_KEY_FILE": str(issued.key),
        }

    users = ("rockseg-api", "rockseg-inference", "nobody")
    logins = {user: login(user) for user in users}
    await a_job_goes_through(kafka, logins)
    for refused in (logins["nobody"], {"SECURITY_PROTOCOL": "SSL"}):
        feed = KafkaFeed(KafkaConnection(kafka_settings(environ(kafka, refused))))
        with pytest.raises(LogUnavailableError):
            await soon(feed.ends())
        await feed.close()
