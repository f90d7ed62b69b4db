"""All of it on one Docker host, as the README of deploy/compose has one start it; on `stand_ins`."""

import io
import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from PIL import Image
from tests.cluster import seaweedfs
from tests.cluster.command import until
from tests.cluster.compose import FOLDER, Checkout
from tests.cluster.conftest import needs_parts
from tests.cluster.stand_ins import build_stand_ins
from tests.faults.clients import client_of

import rockseg_standalone

PHOTO: Final = Path(rockseg_standalone.__file__).with_name("data") / "demo-core.jpg"
REPLICAS: Final = ("http://127.0.0.1:8080", "http://127.0.0.1:8081")
PROMETHEUS: Final = "http://127.0.0.1:9090"
START: Final = "docker compose up -d --wait"
READY_SECONDS: Final = 180
HEALTHY: Final = {"api-1": "healthy", "api-2": "healthy", "kafka-1": "healthy", "s3-1": "healthy"}


@pytest.fixture(scope="session", autouse=True)
def running_cluster() -> None:
    """None: Docker alone is enough."""
    needs_parts("compose", "prometheus", further=seaweedfs.program())


@dataclass(frozen=True)
class Service:
    checkout: Checkout
    key: str

    def state(self) -> dict[str, str]:
        """Of each container: its health, or what it does if it has no check of it, or how it ended."""
        told = {}
        for container in self.checkout.containers():
            state = container["State"]
            running = state.get("Health", {}).get("Status", "running")
            name = container["Name"].removeprefix("/rockseg-")
            told[name] = running if state["Running"] else f"ended with {state['ExitCode']}"
        return told

    def job(self, job_id: str, replica: str) -> dict[str, Any]:
        answer = httpx.get(f"{replica}/job/{job_id}", headers={"api-key": self.key}, timeout=30).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def checkout(running_docker: None, tmp_path_factory: pytest.TempPathFactory) -> Checkout:  # noqa: ARG001  # it has to run
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def service(checkout: Checkout, request: pytest.FixtureRequest) -> Iterator[Service]:
    """Up, by the README's own lines from the first to the one that starts it; nothing of it stays."""
    build_stand_ins()
    volumes = set(checkout.typed("docker volume ls --quiet").split())
    lines = checkout.readme()
    ready = lines.index(START)
    try:
        key = checkout.typed(*lines[:ready], 'echo "$KEY"', at=Path(), seconds=3600).splitlines()[-1]
        began = time.monotonic()
        checkout.typed(START, seconds=READY_SECONDS)
        print(f"\nready after {time.monotonic() - began:.0f} s")  # noqa: T201
        yield Service(checkout, key)
    finally:
        if request.session.testsfailed:
            said = checkout.tried("docker compose ps --all", "docker compose logs --tail 15").stdout
            print(said)  # noqa: T201
        checkout.typed("docker compose down --volumes --timeout 5")
        # Kafka's image has volumes without a name, which a `down` before has left.
        left = set(checkout.typed("docker volume ls --quiet").split()) - volumes
        checkout.typed(*(f"docker volume rm {name}" for name in left))


def test_compose_takes_the_file_and_every_file_that_it_mounts_is_there(checkout: Checkout) -> None:
    (checkout.folder / FOLDER / "keys").touch()  # as the README has one do, before it starts anything
    told = checkout.typed("S3_SECRET_KEY=x docker compose --file compose.yaml config --format json")
    services = json.loads(told)["services"]
    mounts = [mount for service in services.values() for mount in service.get("volumes", [])]
    sources = [Path(mount["source"]) for mount in mounts if mount["type"] == "bind"]

    assert set(services) == {"api", "inference", "ensure", "kafka", "s3", "prometheus", "grafana"}
    assert len(sources) == 6
    assert [source for source in sources if not source.exists()] == []


def test_without_a_key_for_the_store_it_says_what_to_do(checkout: Checkout) -> None:
    tried = checkout.tried("unset S3_SECRET_KEY", "docker compose --env-file /dev/null config --quiet")

    assert tried.returncode != 0
    assert "make one, as the README beside compose.yaml says" in tried.stderr


def test_without_the_file_of_keys_it_says_so_and_makes_no_folder_of_that_name(service: Service) -> None:
    run = "docker compose run --rm --no-deps api --version"
    tried = service.checkout.tried("mv keys elsewhere", f"{run} || true", "ls", "mv elsewhere keys")
    with_it = service.checkout.typed(run)

    assert "keys" not in tried.stdout.split()
    assert "bind source path does not exist" in tried.stderr
    assert "rockseg-api" in with_it


def test_all_of_it_is_up_and_what_prepares_it_has_ended_well(service: Service) -> None:
    others = {"inference-1": "running", "prometheus-1": "running", "ensure-1": "ended with 0"}

    assert service.state() == HEALTHY | others


def test_the_store_is_not_healthy_before_it_has_the_bucket(service: Service) -> None:
    told = json.loads(service.checkout.typed("docker compose config --format json"))["services"]["s3"]
    check = f"docker compose exec -T s3 {shlex.join(told['healthcheck']['test'][1:])}"

    service.checkout.typed(check)
    assert service.checkout.tried(check.replace("/rockseg/", "/another/")).returncode != 0


def test_ports_are_open_on_this_host_alone(service: Service) -> None:
    given = [container["NetworkSettings"]["Ports"] for container in service.checkout.containers()]
    published = [there for ports in given for bound in ports.values() for there in bound or []]

    assert sorted((there["HostIp"], int(there["HostPort"])) for there in published) == [
        ("127.0.0.1", 8080),
        ("127.0.0.1", 8081),
        ("127.0.0.1", 9090),
    ]


def test_a_photo_sent_to_one_replica_comes_back_from_the_other(service: Service) -> None:
    submit, fetch = (line for line in service.checkout.readme() if line.startswith("curl"))
    folder = service.checkout.folder / FOLDER
    (folder / "core.jpg").write_bytes(PHOTO.read_bytes())
    began = time.monotonic()

    job_id = json.loads(service.checkout.typed(f"KEY={service.key}", submit))["job_id"]
    first = [service.job(job_id, replica)["status"] for replica in REPLICAS]
    until(lambda: service.job(job_id, REPLICAS[1])["status"] == "finished", "the photo is back")
    service.checkout.typed(f"KEY={service.key}", fetch.replace("JOB_ID", job_id))
    print(f"\nthe photo was back after {time.monotonic() - began:.1f} s")  # noqa: T201

    assert REPLICAS[0] in submit
    assert REPLICAS[1] in fetch
    assert set(first) <= {"queued", "started", "finished"}
    with Image.open(PHOTO) as photo, Image.open(folder / "overlay.png") as picture:
        assert picture.format == "PNG"
        assert picture.height == photo.height


def test_prometheus_scrapes_every_replica_and_worker_and_has_every_rule(service: Service) -> None:
    def up() -> list[str]:
        targets = _prometheus("targets")["activeTargets"]
        return sorted(target["labels"]["container"] for target in targets if target["health"] == "up")

    def rules() -> list[dict[str, Any]]:
        return [rule for group in _prometheus("rules")["groups"] for rule in group["rules"]]

    until(lambda: up() == ["api", "api", "inference"], "each is a target that is up")
    until(lambda: {rule["health"] for rule in rules()} == {"ok"}, "each rule has been evaluated")
    labels = [target["labels"] for target in _prometheus("targets")["activeTargets"]]
    files = list((service.checkout.folder / "deploy/helm/rockseg/rules").glob("*.yaml"))

    assert {label["namespace"] for label in labels} == {"compose"}
    assert all(re.fullmatch(rf"{label['container']}-[\d.]+", label["pod"]) for label in labels), labels
    assert len({group["file"] for group in _prometheus("rules")["groups"]}) == len(files)
    assert [rule["name"] for rule in rules() if rule.get("state") == "firing"] == []


async def test_it_stops_in_order_and_has_its_results_when_it_starts_again(service: Service) -> None:
    async with client_of(REPLICAS[:1], service.key) as client:
        job_id = await client.submit(PHOTO.read_bytes())
        before = await client.overlay(job_id)
    began = time.monotonic()
    service.checkout.typed("docker compose stop")
    print(f"\nstopped after {time.monotonic() - began:.0f} s")  # noqa: T201
    ended = service.state()
    service.checkout.typed("docker compose down")
    service.checkout.typed(START)
    async with client_of(REPLICAS[1:], service.key) as client:
        after = await client.overlay(job_id)

    assert {ended[name] for name in ("api-1", "api-2", "inference-1")} == {"ended with 0"}
    assert {name: how for name, how in ended.items() if how.endswith("137")} == {}, "nothing had to be killed"
    assert after == before
    assert Image.open(io.BytesIO(after)).format == "PNG"


def _prometheus(what: str) -> dict[str, Any]:
    answer = httpx.get(f"{PROMETHEUS}/api/v1/{what}", timeout=30).raise_for_status()
    found: dict[str, Any] = answer.json()["data"]
    return found
