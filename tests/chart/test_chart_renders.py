"""Each set of values in the chart's ci folder, as an API server would see what becomes of it."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.chart.chart import CHART, Ran, Tool
from tests.real.choice import no_real_part
from tests.real.kubernetes_kinds import kinds_folder, kubeconform_location

SETS = {path.stem.removesuffix("-values"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}


@pytest.fixture(scope="module", params=SETS)
def manifests(request: pytest.FixtureRequest, helm_template: Callable[..., Ran]) -> str:
    done = helm_template(yaml.safe_load(SETS[request.param].read_text(encoding="utf-8")))
    assert done.returncode == 0, done.said
    return done.stdout


def test_there_are_enough_sets_of_values() -> None:
    assert len(SETS) >= 8


@pytest.fixture(scope="session")
def judged(run_tool: Tool) -> Callable[[str], Ran]:
    if not kinds_folder().exists():
        no_real_part("definition of Kubernetes' kinds")
    arguments = ["-strict", "-summary", "-schema-location", kubeconform_location(), "-"]
    return lambda manifests: run_tool("kubeconform", arguments, manifests)


def test_an_api_server_would_know_every_field(manifests: str, judged: Callable[[str], Ran]) -> None:
    done = judged(manifests)

    assert done.returncode == 0, done.said
    assert "Invalid: 0, Errors: 0" in done.said


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("  revisionHistoryLimit:", "  revisionHistoryLimits:"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: yes-please"),
        ("pollingInterval: 15", "pollingIntervals: 15"),
        ("apiVersion: apps/v1", "apiVersion: apps/v1beta1"),
    ],
)
def test_a_mistake_in_a_template_would_be_found(
    right: str, wrong: str, judged: Callable[[str], Ran], helm_template: Callable[..., Ran]
) -> None:
    manifests = helm_template(yaml.safe_load(SETS["keda-scram"].read_text(encoding="utf-8"))).stdout
    assert right in manifests

    assert judged(manifests.replace(right, wrong, 1)).returncode != 0


def test_every_pod_keeps_to_the_restricted_standard(manifests: str) -> None:
    for name, pod in pods(manifests):
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert security.get("runAsUser", 1) != 0, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert all("hostPath" not in volume for volume in pod.get("volumes", [])), name
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert "memory" in container["resources"]["limits"], name


def test_no_pod_sees_variables_of_services_or_a_token_of_the_api_server(manifests: str) -> None:
    for name, pod in pods(manifests):
        assert pod["enableServiceLinks"] is False, name
        assert pod["automountServiceAccountToken"] is False, name


def test_every_object_has_the_recommended_labels_and_a_namespace(manifests: str) -> None:
    for found in objects(manifests):
        labels = {f"app.kubernetes.io/{label}" for label in ("name", "instance", "component", "version", "part-of")}
        assert labels <= found["metadata"]["labels"].keys(), found["metadata"]["name"]
        assert found["metadata"]["namespace"], found["metadata"]["name"]


def test_no_secret_is_made_and_none_stands_in_a_manifest(manifests: str) -> None:
    assert "Secret" not in [found["kind"] for found in objects(manifests)]


def test_no_two_objects_have_one_name(manifests: str) -> None:
    names = [(found["kind"], found["metadata"]["namespace"], found["metadata"]["name"]) for found in objects(manifests)]
    assert len(names) == len(set(names))


def objects(manifests: str) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(manifests) if found]


def pods(manifests: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (found["metadata"]["name"], found["spec"]["template"]["spec"])
        for found in objects(manifests)
        if found["kind"] in {"Deployment", "Job"}
    ]
