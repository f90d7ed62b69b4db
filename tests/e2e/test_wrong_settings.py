"""Wrong or missing settings of the two services: one sentence that names the variable, and exit code 2."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.real.process import free_port

from rockseg_api import process as api_process
from rockseg_core.domain.errors import RocksegError
from rockseg_inference import process as worker_process

KAFKA = {"ROCKSEG_KAFKA_BROKERS": "127.0.0.1:9"}
S3 = {
    "ROCKSEG_S3_ENDPOINT": "http://127.0.0.1:9",
    "ROCKSEG_S3_BUCKET": "cores",
    "ROCKSEG_S3_ACCESS_KEY": "key",
    "ROCKSEG_S3_SECRET_KEY": "the-secret-itself",
}
BOTH = KAFKA | S3
SASL = {"ROCKSEG_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "ROCKSEG_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}

OF_EITHER: list[tuple[dict[str, str], str]] = [
    ({"ROCKSEG_KAFKA_BROKERS": ""}, "ROCKSEG_KAFKA_BROKERS is not set"),
    ({"ROCKSEG_KAFKA_BROKERS": "kafka"}, "ROCKSEG_KAFKA_BROKERS does not fit"),
    ({"ROCKSEG_KAFKA_SECURITY_PROTOCOL": "TLS"}, "ROCKSEG_KAFKA_SECURITY_PROTOCOL does not fit"),
    (SASL, "ROCKSEG_KAFKA_SASL_USERNAME is not set"),
    (SASL | {"ROCKSEG_KAFKA_SASL_USERNAME": "me"}, "ROCKSEG_KAFKA_SASL_PASSWORD"),
    ({"ROCKSEG_KAFKA_SASL_USERNAME": "me"}, "uses no SASL"),
    ({"ROCKSEG_KAFKA_TLS_CA_FILE": "/nowhere"}, "uses no TLS"),
    ({"ROCKSEG_KAFKA_SECURITY_PROTOCOL": "SSL", "ROCKSEG_KAFKA_TLS_CA_FILE": "/nowhere"}, "ROCKSEG_KAFKA_TLS_CA_FILE"),
    ({"ROCKSEG_KAFKA_JOBS_TOPIC": "a topic"}, "ROCKSEG_KAFKA_JOBS_TOPIC does not fit"),
    ({"ROCKSEG_KAFKA_JOBS_TOPIC": "t", "ROCKSEG_KAFKA_JOB_EVENTS_TOPIC": "t"}, "must be three topics"),
    ({"ROCKSEG_KAFKA_BROKERS": "127.0.0.1:70000"}, "ROCKSEG_KAFKA_BROKERS"),
    ({"ROCKSEG_KAFKA_BROKERS": "kafka..svc:9092"}, "ROCKSEG_KAFKA_BROKERS has a host that is no name"),
    ({"ROCKSEG_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}, "ROCKSEG_KAFKA_SASL_MECHANISM is set"),
    ({"ROCKSEG_KAFKA_DEAD_LETTER_TOPIC": ".."}, "ROCKSEG_KAFKA_DEAD_LETTER_TOPIC does not fit"),
    ({"ROCKSEG_OBJECT_PREFIX": "/pre/"}, "ROCKSEG_OBJECT_PREFIX does not fit"),
    ({"ROCKSEG_S3_ACCESS_KEY": "two\nlines"}, "ROCKSEG_S3_ACCESS_KEY does not fit"),
    ({"ROCKSEG_S3_CREDENTIALS_PROFILE": "other"}, "ROCKSEG_S3_CREDENTIALS_FILE is not"),
    ({"ROCKSEG_S3_ENDPOINT": ""}, "ROCKSEG_S3_ENDPOINT is not set"),
    ({"ROCKSEG_S3_ENDPOINT": "minio:9000"}, "ROCKSEG_S3_ENDPOINT is not https://host"),
    ({"ROCKSEG_S3_ENDPOINT": "http://minio..svc:9000"}, "ROCKSEG_S3_ENDPOINT is not https://host"),
    ({"ROCKSEG_S3_BUCKET": ""}, "ROCKSEG_S3_BUCKET is not set"),
    ({"ROCKSEG_S3_BUCKET": "My Bucket"}, "ROCKSEG_S3_BUCKET does not fit"),
    ({"ROCKSEG_S3_ACCESS_KEY": "", "ROCKSEG_S3_SECRET_KEY": ""}, "none is set"),
    ({"ROCKSEG_S3_SECRET_KEY": ""}, "ROCKSEG_S3_SECRET_KEY is not set"),
    ({"ROCKSEG_S3_IAM": "true"}, "more than one is set"),
    ({"ROCKSEG_S3_CA_FILE": "/nowhere"}, "ROCKSEG_S3_CA_FILE"),
    ({"ROCKSEG_LOG_LEVEL": "loud"}, "ROCKSEG_LOG_LEVEL"),
    ({"ROCKSEG_PHOTO_MAX_PIXELS": "many"}, "ROCKSEG_PHOTO_MAX_PIXELS does not fit"),
]
OF_THE_API: list[tuple[dict[str, str], str]] = [
    ({"ROCKSEG_KEYS_FILE": ""}, "ROCKSEG_KEYS_FILE is not set"),
    ({"ROCKSEG_LIFETIME_SECONDS": "1e9"}, "ROCKSEG_LIFETIME_SECONDS does not fit"),
    ({"ROCKSEG_PORT": "99999"}, "ROCKSEG_PORT does not fit"),
    ({"ROCKSEG_UPLOAD_MEMORY_BYTES": "2000"}, "ROCKSEG_UPLOAD_MEMORY_BYTES"),
    ({"ROCKSEG_HOST": "256.1.1.1"}, "choose another ROCKSEG_HOST"),
    ({"ROCKSEG_METRICS_PORT": "9099", "ROCKSEG_METRICS_HOST": "256.1.1.1"}, "choose another ROCKSEG_METRICS_HOST"),
    ({"ROCKSEG_KEYS_FILE": "/nowhere"}, "ROCKSEG_KEYS_FILE: the key file cannot be read"),
    ({"ROCKSEG_KEYS_FILE": "/etc"}, "ROCKSEG_KEYS_FILE: the key file cannot be read"),
    ({"ROCKSEG_KEYS_FILE": "/etc/passwd"}, "ROCKSEG_KEYS_FILE: the key file's lines"),
    ({"ROCKSEG_KEYS_FILE": sys.executable}, "ROCKSEG_KEYS_FILE: the key file is not UTF-8"),
]
OF_THE_WORKER: list[tuple[dict[str, str], str]] = [
    ({"ROCKSEG_METRICS_PORT": "9099", "ROCKSEG_METRICS_HOST": "256.1.1.1"}, "choose another ROCKSEG_METRICS_HOST"),
    ({"ROCKSEG_MODEL": ""}, "ROCKSEG_MODEL is not set"),
    ({"ROCKSEG_MAX_ATTEMPTS": "0"}, "ROCKSEG_MAX_ATTEMPTS does not fit"),
    ({"ROCKSEG_BACKOFF_FIRST_SECONDS": "20"}, "ROCKSEG_BACKOFF_FIRST_SECONDS is more than"),
    ({"ROCKSEG_KAFKA_MAX_POLL_INTERVAL_SECONDS": "0.5"}, "ROCKSEG_KAFKA_MAX_POLL_INTERVAL_SECONDS does not fit"),
    ({"ROCKSEG_KAFKA_SESSION_SECONDS": "1e7"}, "ROCKSEG_KAFKA_SESSION_SECONDS does not fit"),
    ({"ROCKSEG_KAFKA_REBALANCE_SECONDS": "1e7"}, "ROCKSEG_KAFKA_REBALANCE_SECONDS does not fit"),
    ({"ROCKSEG_KAFKA_REBALANCE_SECONDS": "5"}, "ROCKSEG_KAFKA_REBALANCE_SECONDS must be more than"),
    ({"ROCKSEG_KAFKA_HEARTBEAT_SECONDS": "40"}, "ROCKSEG_KAFKA_HEARTBEAT_SECONDS"),
]


@pytest.mark.parametrize(("wrong", "sentence"), OF_EITHER + OF_THE_API)
def test_the_api_says_which_setting_is_wrong(wrong: Mapping[str, str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    own = {"ROCKSEG_KEYS_FILE": str(tmp_path / "keys"), "ROCKSEG_PORT": str(free_port()), "ROCKSEG_METRICS_PORT": "0"}
    refuses(api_process.serve, BOTH | own | wrong, sentence)


@pytest.mark.parametrize(("wrong", "sentence"), OF_EITHER + OF_THE_WORKER)
def test_the_worker_says_which_setting_is_wrong(wrong: Mapping[str, str], sentence: str) -> None:
    refuses(worker_process.run, BOTH | {"ROCKSEG_MODEL": "null:20ms", "ROCKSEG_METRICS_PORT": "0"} | wrong, sentence)


@pytest.mark.parametrize(
    "command",
    [("rockseg_api.entrypoints.cli", "serve"), ("rockseg_inference.entrypoints.cli",)],
    ids=["rockseg-api", "rockseg-inference"],
)
def test_a_process_without_settings_ends_at_once_with_one_line_and_2(command: tuple[str, ...]) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROCKSEG_")}
    ended = subprocess.run(
        [sys.executable, "-m", *command], env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert "ROCKSEG_" in line


@pytest.mark.parametrize(
    ("command", "own"),
    [
        (("rockseg_api.entrypoints.cli", "serve"), {"ROCKSEG_KEYS_FILE": "/dev/null", "ROCKSEG_HOST": "256.1.1.1"}),
        (("rockseg_inference.entrypoints.cli",), {"ROCKSEG_MODEL": "null:20ms", "ROCKSEG_METRICS_HOST": "256.1.1.1"}),
    ],
    ids=["rockseg-api", "rockseg-inference"],
)
def test_once_the_log_has_begun_the_end_is_a_line_of_it(command: tuple[str, ...], own: dict[str, str]) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROCKSEG_")}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        env=environ | BOTH | own | {"ROCKSEG_KAFKA_BROKER": "typo:9092"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    typo, end = (json.loads(line) for line in ended.stderr.splitlines())
    assert (typo["variable"], typo["did_you_mean"]) == ("ROCKSEG_KAFKA_BROKER", "ROCKSEG_KAFKA_BROKERS")
    assert (end["event"], end["level"]) == ("ended", "critical")
    assert "_HOST" in end["reason"]


def refuses(start: Callable[[Mapping[str, str]], int], environ: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(RocksegError) as refused:
        start(environ)
    assert sentence in refused.value.sentence
    assert "the-secret-itself" not in refused.value.sentence
    assert len(refused.value.sentence.splitlines()) == 1
