"""(1) A real API server takes what the chart makes of each set of values, under the restricted standard."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.cluster.command import kubectl, run
from tests.cluster.release import CHART
from tests.real.go_tools import binary

SETS = sorted((CHART / "ci").glob("*-values.yaml"), key=lambda path: path.name)
NAMESPACE = "dry"
DRY_RUN = ("--dry-run=server", "--validate=strict", "-f", "-")


@pytest.fixture(scope="module", autouse=True)
def _namespace() -> Iterator[None]:
    kubectl("create", "namespace", NAMESPACE)
    kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    yield
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(params=SETS, ids=lambda path: path.stem.removesuffix("-values"))
def made(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """All that Helm would send, what runs before an installation too."""
    told = run(binary("helm"), "template", "rockseg", CHART, "--namespace", NAMESPACE, "--values", request.param)
    return [found for found in yaml.safe_load_all(told) if found]


def test_every_object_is_accepted(made: list[dict[str, Any]]) -> None:
    told = kubectl("apply", *DRY_RUN, stdin=yaml.safe_dump_all(made))

    assert told.count("(server dry run)") == len(made)


def test_every_pod_is_accepted_where_the_restricted_standard_is_enforced(made: list[dict[str, Any]]) -> None:
    """A Deployment is not refused for its pods, so they are asked for by themselves."""
    owners = [found for found in made if "template" in found.get("spec", {})]
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": owner["metadata"]["name"], "namespace": NAMESPACE},
            # The chart's own service account is not there in a dry run.
            "spec": owner["spec"]["template"]["spec"] | {"serviceAccountName": "default"},
        }
        for owner in owners
    ]
    assert len(pods) >= 2

    told = kubectl("create", *DRY_RUN, stdin=yaml.safe_dump_all(pods))

    assert told.count("(server dry run)") == len(pods)


def test_a_pod_that_breaks_the_standard_is_refused_here() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "root", "image": "x"}]},
    }

    with pytest.raises(AssertionError, match="violates PodSecurity"):
        kubectl("create", *DRY_RUN, stdin=yaml.safe_dump(pod))
