"""(5) Prometheus sees every pod, a fault fires its own alert and no other, and every panel has data."""

import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tests.cluster.command import until
from tests.cluster.prometheus import ClusterPrometheus, scraping
from tests.cluster.release import Platform, Release
from tests.cluster.test_install import PHOTO
from tests.faults.clients import Client, client_of, png

from deploy.observability.rendering.page import Answer, asked, drawn
from deploy.observability.rendering.prometheus import Prometheus, Span

NAMESPACE = "watched"
VALUES = {
    "inference": {"replicas": 2},
    "monitoring": {
        "podMonitor": {"enabled": True, "interval": "5s"},
        "rules": {"enabled": True},
        "dashboards": {"enabled": True},
    },
}
RATE_INTERVAL = "20s"  # Grafana's: four times the scrape's interval
DATA_SECONDS, ALERT_SECONDS = 240, 300
PICTURES = Path(__file__).parents[2] / "out"


@pytest.fixture(scope="module")
def release(platform: Platform) -> Iterator[Release]:
    with platform.namespace(NAMESPACE) as release:
        release.upgrade(VALUES)
        yield release


@pytest.fixture(scope="module")
def prometheus(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterPrometheus]:
    with scraping(release, tmp_path_factory.mktemp("prometheus")) as prometheus:
        yield prometheus


@pytest.fixture
async def client(release: Release) -> AsyncIterator[Client]:
    async with client_of([release.url], release.key) as client:
        yield client


def test_prometheus_scrapes_every_pod(release: Release, prometheus: ClusterPrometheus) -> None:
    pods = set(release.pods())
    assert len(pods) == 4

    until(lambda: prometheus.scraped() == pods, f"each of {pods} is scraped, and nothing else")


async def test_a_store_that_hangs_fires_its_alert_and_no_other(
    release: Release, prometheus: ClusterPrometheus, client: Client, platform: Platform
) -> None:
    await client.overlay(await client.submit(PHOTO.read_bytes()))
    assert prometheus.firing() == set()

    began = time.monotonic()
    platform.minio.process.pause()
    try:
        until(prometheus.firing, "an alert fires", ALERT_SECONDS)
        fired, ready = prometheus.firing(), {pod: release.ready(pod) for pod in release.pods("api")}
        refused = await client.http.post(f"{release.url}/predict", files={"file": png()})
    finally:
        platform.minio.process.go_on()
    print(f"\n{fired} after {time.monotonic() - began:.0f} s")  # noqa: T201

    assert fired == {("RocksegStoreUnreachable", "critical")}
    assert set(ready.values()) == {True}, "an outage must not take the replicas out of the Service"
    assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
    until(lambda: not prometheus.firing(), "it has gone again", ALERT_SECONDS)


async def test_every_query_of_both_dashboards_has_data(
    release: Release, prometheus: ClusterPrometheus, client: Client
) -> None:
    source = Prometheus(prometheus.url, namespace=NAMESPACE, rate_interval=RATE_INTERVAL)
    dashboards = {
        name: json.loads(text) for found in release.get("configmaps") for name, text in found["data"].items()
        if name.endswith(".json")
    }  # fmt: skip
    assert dashboards.keys() == {"service.json", "workers.json"}

    began = time.time()
    while True:
        await send_what_clients_send(client)
        span = Span(began - 600, time.time(), 5)
        answers = {name: asked(dashboard, source, span) for name, dashboard in dashboards.items()}
        empty = [answer for found in answers.values() for answer in found if not has_data(answer)]
        if not empty:
            break
        assert time.time() < began + DATA_SECONDS, [(answer.panel, answer.expr) for answer in empty]

    PICTURES.mkdir(exist_ok=True)
    for name, dashboard in dashboards.items():
        drawn(dashboard, answers[name], span).save(PICTURES / name.replace(".json", ".png"))


def has_data(answer: Answer) -> bool:
    return any(math.isfinite(value) for _, line in answer.series for _, value in line.points)


async def send_what_clients_send(client: Client) -> None:
    """Photos of a core, one that only a decoder finds broken, and what is no photo at all."""
    broken = bytearray(png())
    broken[-14] ^= 0xFF  # within the checksum of the pixels
    job_ids = [await client.submit(body) for body in [*[PHOTO.read_bytes()] * 4, bytes(broken)]]
    no_photo = await client.http.post(f"{client.urls[0]}/predict", files={"file": b"no photo"})
    assert no_photo.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE
    for job_id in job_ids[:-1]:
        await client.overlay(job_id)
