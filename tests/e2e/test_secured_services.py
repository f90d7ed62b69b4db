"""Both services over TLS: SCRAM users with the rights of docs/kafka-acls.md, S3 keys with docs/s3-policy.md."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.deployment import Deployment
from tests.e2e.test_real_services import ended, png
from tests.real.kafka_secured import SecuredKafka
from tests.real.s3_keys import limited_key
from tests.real.s3_server import MinioProcess

ROOT = Path(__file__).parents[2]
PREFIX = "lab/"


def test_a_photo_goes_through_services_that_have_the_least_rights(
    tmp_path: Path, secured_kafka: SecuredKafka, minio_tls: MinioProcess
) -> None:
    secured_kafka.allow(re.findall(r"^kafka-acls .*$", (ROOT / "docs" / "kafka-acls.md").read_text(), re.MULTILINE))
    with minio_tls.server.bucket() as bucket:

        def settings(user: str, role: str) -> dict[str, str]:
            s3 = limited_key(minio_tls.server, role, bucket, PREFIX)  # type: ignore[arg-type]
            return secured_kafka.environ(user) | s3.environ(bucket) | {"ROCKSEG_OBJECT_PREFIX": PREFIX}

        install = settings("rockseg-install", "ensure")
        command("topics", "ensure", "--partitions", "2", "--replicas", "1", environ=install)
        command("store", "ensure", environ=install)
        deployment = Deployment(tmp_path, {"ROCKSEG_METRICS_PORT": "0"})
        (tmp_path / "keys").touch()
        try:
            api = deployment.api(**settings("rockseg-api", "api"))
            worker = deployment.worker(**settings("rockseg-inference", "inference"))
            http = deployment.session()
            submitted = http.post(f"{api.url}/predict", files={"file": png()}, timeout=30)
            assert submitted.status_code == 202, submitted.text
            job_id = submitted.json()["job_id"]
            assert ended(http, api.url, job_id)["status"] == "finished"
            assert http.get(f"{api.url}/model", timeout=30).status_code == 200
            assert http.delete(f"{api.url}/job/{job_id}", timeout=30).status_code == 204
            assert [service.terminate() for service in (worker, api)] == [0, 0]
            assert "no lifecycle rule" not in api.log.read_text()
        finally:
            deployment.stop()


def command(*arguments: str, environ: Mapping[str, str]) -> None:
    ended_with = subprocess.run(
        [sys.executable, "-m", "rockseg_api.entrypoints.cli", *arguments],
        env=os.environ | dict(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended_with.returncode == 0, ended_with.stdout + ended_with.stderr
