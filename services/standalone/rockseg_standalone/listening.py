"""The sockets of `rockseg up`, taken before anything else starts, so that a taken port is one sentence."""

import errno
import socket
from collections.abc import Mapping

from rockseg_api.settings import ApiSettings
from rockseg_core.domain.errors import SettingsError
from rockseg_standalone import console

Listener = socket.socket
BACKLOG = 512


def listen(host: str, port: int) -> Listener:
    """A listening socket; port 0 takes any free one. Raises SettingsError naming the address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        other = "--host" if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL else "--port"
        raise SettingsError(
            f"Cannot listen on {_url(host, port)} ({error.strerror}); choose another {other}."
        ) from error
    listener.listen(BACKLOG)
    return listener


def address(host: str, listener: Listener) -> str:
    """What a browser on this machine takes: a name for this machine in place of "every address"."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://{_url(here, listener.getsockname()[1])}"


def _url(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def metrics_port(limits: ApiSettings, environ: Mapping[str, str]) -> int:
    """The port of /metrics; 0, said aloud, where nobody asked for one and the default is taken."""
    if limits.metrics_port == 0 or environ.get("ROCKSEG_METRICS_PORT"):
        return limits.metrics_port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((limits.metrics_host, limits.metrics_port))
        except OSError:
            console.say(
                f"Port {limits.metrics_port} is taken, so there is no /metrics; ROCKSEG_METRICS_PORT sets another."
            )
            return 0
    return limits.metrics_port
