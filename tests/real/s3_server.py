"""An S3 server of the tests: where it is, who may do all, and buckets for a test."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from tests.real.go_tools import binary
from tests.real.process import ServerProcess, free_port, listens
from tests.real.versions import MINIO_IMAGE

GIVEN: Final = "ROCKSEG_TEST_S3"
REGION: Final = "us-east-1"


@dataclass(frozen=True)
class S3Server:
    """`endpoint` is `http://host:port`; the key may do everything there."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = REGION
    ca_file: Path | None = None

    @property
    def address(self) -> str:
        return urlsplit(self.endpoint).netloc

    def through(self, address: str) -> "S3Server":
        """The same server behind a proxy."""
        return replace(self, endpoint=f"{urlsplit(self.endpoint).scheme}://{address}")

    def environ(self, bucket: str) -> dict[str, str]:
        """The variables that a service needs for it."""
        environ = {
            "ROCKSEG_S3_ENDPOINT": self.endpoint,
            "ROCKSEG_S3_REGION": self.region,
            "ROCKSEG_S3_BUCKET": bucket,
            "ROCKSEG_S3_ACCESS_KEY": self.access_key,
            "ROCKSEG_S3_SECRET_KEY": self.secret_key,
        }
        return environ | ({"ROCKSEG_S3_CA_FILE": str(self.ca_file)} if self.ca_file else {})

    def client(self) -> Minio:
        """For what a test does beside the adapter."""
        authority = {"cert_reqs": "CERT_REQUIRED", "ca_certs": str(self.ca_file)} if self.ca_file else {}
        return Minio(
            self.address,
            self.access_key,
            self.secret_key,
            secure=self.endpoint.startswith("https"),
            region=self.region,
            http_client=urllib3.PoolManager(timeout=10.0, **authority) if authority else None,
        )

    @contextmanager
    def bucket(self) -> Iterator[str]:
        """A new, empty bucket; it and what is in it end with the test."""
        client = self.client()
        name = f"rockseg-test-{secrets.token_hex(8)}"
        client.make_bucket(name)
        try:
            yield name
        finally:
            for found in client.list_objects(name, recursive=True, include_version=True):
                assert found.object_name is not None
                client.remove_object(name, found.object_name, version_id=found.version_id)
            client.remove_bucket(name)


class MinioProcess:
    """A MinIO of our own, on a free port of `host`. With `certificates` (public.crt, private.key) it speaks TLS."""

    def __init__(
        self, folder: Path, certificates: Path | None = None, ca_file: Path | None = None, *, host: str = "127.0.0.1"
    ) -> None:
        port = free_port()
        self.server = S3Server(
            f"{'https' if certificates else 'http'}://{host}:{port}",
            "rockseg-root",
            secrets.token_hex(16),
            ca_file=ca_file,
        )
        command = [binary("minio"), "server", "--quiet", "--address", f"{host}:{port}"]
        command += ["--certs-dir", str(certificates or folder / "no-certificates"), str(folder / "data")]
        environ = {
            "MINIO_ROOT_USER": self.server.access_key,
            "MINIO_ROOT_PASSWORD": self.server.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_SITE_REGION": REGION,  # else it takes every region, and no test of a wrong one could fail
            "MINIO_UPDATE": "off",
        }
        (folder / "data").mkdir()
        self.process = ServerProcess(command, folder / "log", environ)
        self._host, self._port = host, port

    def start(self) -> None:
        self.process.start(self._ready)

    def _ready(self) -> bool:
        """It listens a moment before it has found its data."""
        if not listens(self._port, self._host):
            return False
        ca = str(self.server.ca_file) if self.server.ca_file else None
        with urllib3.PoolManager(timeout=5.0, retries=False, ca_certs=ca) as http:
            return http.request("GET", f"{self.server.endpoint}/minio/health/cluster").status == 200


def given_server() -> S3Server | None:
    """The one named in the environment, with its keys beside it."""
    endpoint = os.environ.get(GIVEN)
    if not endpoint:
        return None
    return S3Server(
        endpoint,
        os.environ[f"{GIVEN}_ACCESS_KEY"],
        os.environ[f"{GIVEN}_SECRET_KEY"],
        region=os.environ.get(f"{GIVEN}_REGION", REGION),
    )


@contextmanager
def minio_container() -> Iterator[S3Server]:
    from testcontainers.core.container import DockerContainer

    secret = secrets.token_hex(16)
    container = DockerContainer(MINIO_IMAGE).with_command("server /data").with_exposed_ports(9000)
    container = container.with_env("MINIO_ROOT_USER", "rockseg-root").with_env("MINIO_ROOT_PASSWORD", secret)
    with container:
        endpoint = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(9000)}"
        with urllib3.PoolManager(timeout=5.0, retries=urllib3.Retry(20, backoff_factor=0.2)) as http:
            http.request("GET", f"{endpoint}/minio/health/cluster")
        yield S3Server(endpoint, "rockseg-root", secret)
