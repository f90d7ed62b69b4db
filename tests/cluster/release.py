"""rockseg as Helm installs it, and what has to be there before."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.chart.chart import CHART, merged
from tests.cluster.command import kubectl, kubectl_json, run
from tests.real.go_tools import binary
from tests.real.s3_server import MinioProcess

from rockseg_api.keys import create_key
from rockseg_core.adapters.kafka.settings import KafkaSettings

__all__ = ["CHART", "Platform", "Release", "null_model"]

SECRET: Final = "rockseg"
WAIT: Final = ("--wait", "--timeout=5m")
# As OpenShift gives one to each namespace; the images' own is 10001.
ANY_USER: Final = 1_000_660_000
_ENFORCED: Final = "pod-security.kubernetes.io/enforce=restricted"


def null_model(latency: str) -> dict[str, Any]:
    """Of `inference`: a model that computes nothing and takes its time."""
    return {"extraEnv": [{"name": "ROCKSEG_MODEL", "value": f"null:{latency}"}]}


@dataclass(frozen=True)
class Release:
    """In a namespace of its own, with topics and a bucket of its own."""

    namespace: str
    key: str
    kafka: KafkaSettings
    minio: MinioProcess

    @property
    def values(self) -> dict[str, Any]:
        """What it needs to be told, and that clients of tests may be quick."""
        topics = {"jobs": self.kafka.jobs_topic, "jobEvents": self.kafka.job_events_topic}
        topics["deadLetter"] = self.kafka.dead_letter_topic
        return {
            "kafka": {"brokers": self.kafka.brokers, "topics": topics, "groupId": self.kafka.group_id},
            "s3": {"endpoint": self.minio.server.endpoint, "bucket": self.namespace},
            "existingSecret": SECRET,
            "ingress": {"host": "cores.example.org"},
            "podSecurity": dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), ANY_USER),
            "api": {"settings": {"submitRate": 1000, "submitBurst": 1000}},
        }

    def upgrade(self, values: Mapping[str, Any]) -> None:
        """Install it, or change it; returns when all pods are ready."""
        given = json.dumps(merged(self.values, dict(values)))
        self.helm("upgrade", "--install", "rockseg", CHART, "--values=-", *WAIT, stdin=given)

    def helm(self, *arguments: str | Path, stdin: str | None = None) -> str:
        return run(binary("helm"), "--namespace", self.namespace, *arguments, stdin=stdin)

    def kubectl(self, *arguments: str) -> str:
        return kubectl("--namespace", self.namespace, *arguments)

    def get(self, kind: str, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = kubectl_json("--namespace", self.namespace, "get", kind, *arguments)["items"]
        return found

    @property
    def url(self) -> str:
        """The Service's, which this machine reaches as pods do."""
        spec = kubectl_json("--namespace", self.namespace, "get", "service/rockseg-api")["spec"]
        return f"http://{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def pods(self, component: str = "api,inference") -> list[str]:
        """Those that are not about to end."""
        found = self.get("pods", f"--selector=app.kubernetes.io/component in ({component})")
        return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def ready(self, pod: str) -> bool:
        conditions = kubectl_json("--namespace", self.namespace, "get", f"pod/{pod}")["status"]["conditions"]
        return {"type": "Ready", "status": "True"}.items() <= next(
            condition.items() for condition in conditions if condition["type"] == "Ready"
        )

    def state(self) -> str:
        """For whoever reads a failed test."""
        logs = ["logs", "--selector=app.kubernetes.io/part-of=rockseg", "--tail=15", "--prefix", "--ignore-errors"]
        events = ["get", "events", "--sort-by=.metadata.creationTimestamp"]
        return "\n".join(self.kubectl(*asked) for asked in (["get", "pods,jobs,scaledobjects"], events, logs))


@dataclass(frozen=True)
class Platform:
    """What there is before rockseg: brokers, a store, and images by target."""

    brokers: str
    minio: MinioProcess
    images: Mapping[str, str]

    @contextmanager
    def namespace(self, name: str) -> Iterator[Release]:
        """With Pod Security enforced, a Secret, a bucket, and settings for topics that nobody else has."""
        key, line = create_key("acme")
        kubectl("create", "namespace", name)
        kubectl("label", "namespace", name, _ENFORCED)
        server = self.minio.server
        credentials = f"[default]\naws_access_key_id={server.access_key}\naws_secret_access_key={server.secret_key}\n"
        entries = {"api-keys": f"{line}\n", "s3-credentials": credentials}
        literals = [f"--from-literal={entry}={text}" for entry, text in entries.items()]
        kubectl("--namespace", name, "create", "secret", "generic", SECRET, *literals)
        server.client().make_bucket(name)
        topics = {f"{kind}_topic": f"{name}.{kind}" for kind in ("jobs", "job_events", "dead_letter")}
        release = Release(name, key, KafkaSettings(brokers=self.brokers, group_id=name, **topics), self.minio)
        try:
            yield release
        except BaseException as error:
            error.add_note(release.state())
            raise
        finally:
            kubectl("delete", "namespace", name, "--wait=false")
