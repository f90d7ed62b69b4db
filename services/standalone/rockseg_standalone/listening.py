"""What `rockseg up` says of its sockets."""

import socket
from collections.abc import Mapping

from rockseg_api.serving import url_host
from rockseg_api.settings import ApiSettings
from rockseg_standalone import console


def address(host: str, listener: socket.socket) -> str:
    """What a browser on this machine takes: a name for this machine in place of "every address"."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
    return f"http://{url_host(here)}:{listener.getsockname()[1]}"


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
