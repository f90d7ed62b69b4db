"""A broker with TLS, logins and an authorizer, as a platform team runs it."""

import base64
import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.real.certificates import Authority
from tests.real.choice import no_real_part
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars

USERS = ("rockseg-api", "rockseg-inference", "rockseg-install", "rockseg-operator", "rockseg-keda", "nobody")
PASSWORD = "correct-horse"
MECHANISM = "SCRAM-SHA-512"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
SASL_MODULES = {
    "SCRAM-SHA-256": SCRAM,
    "SCRAM-SHA-512": SCRAM,
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule required "
    + " ".join(f'user_{user}="{PASSWORD}"' for user in USERS)
    + ";",
    # A token that nobody signed: what is tested is how it gets there, not who issued it.
    "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
    ' unsecuredLoginStringClaim_sub="broker";',
}


def unsigned_token(user: str, seconds: float = 3600) -> str:
    """A JSON Web Token for OAUTHBEARER that holds for so long (RFC 7519 §6)."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": user, "iat": now - 60, "exp": now + seconds})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


class SecuredKafka:
    """`address` speaks TLS and asks for a login; on `cluster.bootstrap`, in plain text, everybody may do everything."""

    def __init__(self, jars: Path, folder: Path, *, client_certificates: bool = False) -> None:
        """`client_certificates` are then the login, their common name the user; else any of SASL_MODULES."""
        self._jars = jars
        self.authority = Authority(folder)
        issued = self.authority.issue("broker")
        store = folder / "broker.pem"
        store.write_text(issued.key.read_text() + issued.certificate.read_text())
        listener = "listener.name.proxied"
        login = {
            "sasl.enabled.mechanisms": ",".join(SASL_MODULES),
            **{f"{listener}.{name.lower()}.sasl.jaas.config": module for name, module in SASL_MODULES.items()},
            # As hired brokers do: who logged in must do so again after a while, on a new connection.
            f"{listener}.oauthbearer.connections.max.reauth.ms": "2000",
        }
        if client_certificates:
            login = {
                f"{listener}.ssl.client.auth": "required",
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self.authority.ca_file),
                "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
            }
        protocol = "SSL" if client_certificates else "SASL_SSL"
        self.cluster = KafkaCluster(
            jars,
            folder / "kafka",
            properties={
                "listener.security.protocol.map": f"CLIENT:PLAINTEXT,PROXIED:{protocol},CONTROLLER:PLAINTEXT",
                **login,
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(store),
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found": "false",
                "super.users": "User:ANONYMOUS",
            },
            users=dict.fromkeys(USERS, PASSWORD),
        )
        for node in self.cluster.nodes:
            node.advertised_proxy_port = node.proxied_port  # no proxy between

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.cluster.nodes[0].proxied_port}"

    def environ(self, user: str, password: str = PASSWORD) -> dict[str, str]:
        return {
            "ROCKSEG_KAFKA_BROKERS": self.address,
            "ROCKSEG_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "ROCKSEG_KAFKA_SASL_MECHANISM": MECHANISM,
            "ROCKSEG_KAFKA_SASL_USERNAME": user,
            "ROCKSEG_KAFKA_SASL_PASSWORD": password,
            "ROCKSEG_KAFKA_TLS_CA_FILE": str(self.authority.ca_file),
        }

    def allow(self, commands: Iterable[str]) -> None:
        """Run `kafka-acls --bootstrap-server $BROKERS …` lines as a person would."""
        for command in commands:
            arguments = command.replace("$BROKERS", self.cluster.bootstrap).split()[1:]
            tool = ["java", "-cp", f"{self._jars}/*", "org.apache.kafka.tools.AclCommand"]
            done = subprocess.run(
                [*tool, *arguments],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    yield from _started(SecuredKafka(_jars(), tmp_path_factory.mktemp("secured")))


@pytest.fixture
def kafka_with_client_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    yield from _started(SecuredKafka(_jars(), tmp_path_factory.mktemp("secured"), client_certificates=True))


def _jars() -> Path:
    return installed_jars() or no_real_part("Kafka")


def _started(kafka: SecuredKafka) -> Iterator[SecuredKafka]:
    try:
        kafka.cluster.start()
        yield kafka
    finally:
        kafka.cluster.stop()
