"""`python -m tests.cluster install|up|down`: the cluster by hand; `make test-cluster` does all three.

Between `up` and `down`: `KUBECONFIG=~/.cache/rockseg/cluster/pki/admin.conf kubectl get pods -A`. Tests that find it up
leave it up.
"""

import sys

from tests.cluster.cluster import down, install, up

if __name__ == "__main__":
    {"install": install, "up": up, "down": down}[sys.argv[1]]()
