"""A proxy between a test and a real part, which can cut, hang, slow and reset what passes."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import httpx
import pytest
from tests.real.choice import no_real_part
from tests.real.go_tools import binary
from tests.real.process import ServerProcess, free_port, listens

Stream = Literal["upstream", "downstream"]  # to the server, or to the test


class Proxy:
    """Listens on `host:port` (`address`) for a server elsewhere."""

    def __init__(self, api: httpx.Client, name: str, address: str) -> None:
        self.address = address
        self._api, self._path = api, f"/proxies/{name}"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def hang(self) -> None:
        """Connections are taken, and nothing comes back; `heal` closes those that hang."""
        self.add("timeout", timeout=0)

    def reset(self, *, after_ms: int = 0, stream: Stream = "downstream") -> None:
        """TCP resets."""
        self.add("reset_peer", stream, timeout=after_ms)

    def slow(self, kilobytes_per_second: int, stream: Stream = "downstream") -> None:
        self.add("bandwidth", stream, rate=kilobytes_per_second)

    def delay(self, milliseconds: int, stream: Stream = "downstream") -> None:
        self.add("latency", stream, latency=milliseconds)

    def cut_after(self, count: int, stream: Stream = "downstream") -> None:
        """Each connection ends after so many bytes in that direction."""
        self.add("limit_data", stream, bytes=count)

    def add(self, kind: str, stream: Stream = "downstream", **attributes: int) -> None:
        """A toxic by toxiproxy's own name; new and present connections have it."""
        body: dict[str, Any] = {"type": kind, "stream": stream, "attributes": attributes}
        self._api.post(f"{self._path}/toxics", json=body).raise_for_status()

    def cut(self) -> None:
        """Every connection ends, and new ones are refused."""
        self._api.post(self._path, json={"enabled": False}).raise_for_status()

    def heal(self) -> None:
        """As if nothing had been done."""
        for toxic in self._api.get(f"{self._path}/toxics").raise_for_status().json():
            self._api.delete(f"{self._path}/toxics/{toxic['name']}").raise_for_status()
        self._api.post(self._path, json={"enabled": True}).raise_for_status()

    def remove(self) -> None:
        self._api.delete(self._path).raise_for_status()


class Toxiproxy:
    def __init__(self, port: int) -> None:
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10.0)
        self._made = 0

    def proxy(self, upstream: str) -> Proxy:
        """A new proxy on a free port of 127.0.0.1 for `upstream`, which is `host:port`."""
        self._made += 1
        body = {"name": f"proxy-{self._made}", "listen": f"127.0.0.1:{free_port()}", "upstream": upstream}
        made = self.api.post("/proxies", json=body).raise_for_status().json()
        return Proxy(self.api, made["name"], made["listen"])


@pytest.fixture(scope="session")
def toxiproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toxiproxy]:
    """One server for the session; each test makes proxies of its own (see `proxy_to`)."""
    if not binary("toxiproxy").exists():
        no_real_part("toxiproxy")
    port = free_port()
    command = [binary("toxiproxy"), "-host", "127.0.0.1", "-port", str(port)]
    server = ServerProcess(command, tmp_path_factory.mktemp("toxiproxy") / "log")
    try:
        server.start(lambda: listens(port))
        yield Toxiproxy(port)
    finally:
        server.stop()


@pytest.fixture
def proxy_to(toxiproxy: Toxiproxy) -> Iterator[Callable[[str], Proxy]]:
    """Makes proxies, which end with the test."""
    made: list[Proxy] = []

    def make(upstream: str) -> Proxy:
        made.append(toxiproxy.proxy(upstream))
        return made[-1]

    yield make
    for proxy in made:
        proxy.remove()
