"""A broker with TLS, SCRAM and an authorizer, as a platform team runs it."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.real.certificates import Authority
from tests.real.choice import no_real_part
from tests.real.kafka_cluster import KafkaCluster
from tests.real.kafka_install import installed_jars

USERS = ("rockseg-api", "rockseg-inference", "rockseg-install", "rockseg-operator", "nobody")
PASSWORD = "correct-horse"
MECHANISM = "SCRAM-SHA-512"


class SecuredKafka:
    """`address` speaks TLS and SCRAM; on `cluster.bootstrap`, in plain text, everybody may do everything."""

    def __init__(self, jars: Path, folder: Path) -> None:
        self._jars = jars
        self.authority = Authority(folder)
        issued = self.authority.issue("broker")
        store = folder / "broker.pem"
        store.write_text(issued.key.read_text() + issued.certificate.read_text())
        listener = f"listener.name.proxied.{MECHANISM.lower()}.sasl.jaas.config"
        self.cluster = KafkaCluster(
            jars,
            folder / "kafka",
            properties={
                "listener.security.protocol.map": "CLIENT:PLAINTEXT,PROXIED:SASL_SSL,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms": MECHANISM,
                listener: "org.apache.kafka.common.security.scram.ScramLoginModule required;",
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
        """Run `kafka-acls …` lines as a person would."""
        for command in commands:
            arguments = command.split()[1:]
            tool = ["java", "-cp", f"{self._jars}/*", "org.apache.kafka.tools.AclCommand"]
            done = subprocess.run(
                [*tool, "--bootstrap-server", self.cluster.bootstrap, *arguments],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    kafka = SecuredKafka(installed_jars() or no_real_part("Kafka"), tmp_path_factory.mktemp("secured"))
    try:
        kafka.cluster.start()
        yield kafka
    finally:
        kafka.cluster.stop()
