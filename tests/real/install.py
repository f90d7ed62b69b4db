"""Fill the cache with the servers and tools that the tests use: `make deps-real`.

`python -m tests.real.install [PART…]` installs the parts named, or all. What is there already stays.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.real.cache import cache_folder
from tests.real.go_tools import install_go_part
from tests.real.kafka_install import install_kafka
from tests.real.kubernetes_kinds import install_kinds

CHART_TOOLS: Final = ("helm", "helm-unittest", "helm-docs", "kubeconform", "promtool")

# Each installs its part and says whether there was anything to do.
INSTALLERS: Final[dict[str, Callable[[], bool]]] = {
    "kafka": install_kafka,
    "toxiproxy": partial(install_go_part, "toxiproxy"),
    "minio": partial(install_go_part, "minio"),
    **{tool: partial(install_go_part, tool) for tool in CHART_TOOLS},
    "kubernetes-kinds": install_kinds,
}


def main(parts: list[str]) -> int:
    if unknown := [part for part in parts if part not in INSTALLERS]:
        sys.stderr.write(f"no part is named {', '.join(unknown)}; there are {', '.join(INSTALLERS)}\n")
        return 2
    for part in parts or INSTALLERS:
        sys.stdout.write(f"{part}: looking in {cache_folder()}\n")
        sys.stdout.flush()
        began = time.monotonic()
        done = INSTALLERS[part]()
        sys.stdout.write(f"{part}: {f'installed in {time.monotonic() - began:.0f} s' if done else 'is there'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
