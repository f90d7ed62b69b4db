"""What objects of Kubernetes and of a few operators may look like, as JSON schemas by which kubeconform judges.

Made from the API server's own description and from the operators' CustomResourceDefinitions: files of Go modules, and
Strimzi's. Where they leave room for fields that nobody knows, the schemas leave none: an API server drops such a field
without a word, or refuses it.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from tests.real import versions
from tests.real.cache import install, part_folder
from tests.real.strimzi_kinds import strimzi_definitions

PART: Final = "kubernetes-kinds"
VERSION: Final = (
    f"{versions.KUBERNETES}-{versions.KEDA}-{versions.PROMETHEUS_OPERATOR}-{versions.GATEWAY_API}-{versions.STRIMZI}"
)

_DESCRIPTION: Final = "api/openapi-spec/swagger.json"
_DEFINITIONS: Final = {  # of a module, the CustomResourceDefinitions that the chart has objects of
    f"github.com/kedacore/keda/v2@{versions.KEDA}": (
        "config/crd/bases/keda.sh_scaledobjects.yaml",
        "config/crd/bases/keda.sh_triggerauthentications.yaml",
    ),
    f"github.com/prometheus-operator/prometheus-operator@{versions.PROMETHEUS_OPERATOR}": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
    f"sigs.k8s.io/gateway-api@{versions.GATEWAY_API}": (
        "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    ),
}
_SHARED: Final = "definitions.json"
_META: Final = {"$ref": f"{_SHARED}#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
_EITHER: Final = {"type": ["string", "integer", "null"]}

# Types that are written in more ways than the description says.
_TOLD_OTHERWISE: Final = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number", "null"]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": _EITHER,
}


def kinds_folder() -> Path:
    return part_folder(PART, VERSION)


def kubeconform_location() -> str:
    """For kubeconform's `-schema-location`."""
    return f"{kinds_folder()}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def install_kinds() -> bool:
    """False if they were there already. Raises SystemExit with a sentence where there is no Go."""
    return install(PART, VERSION, _write)


def _write(folder: Path) -> None:
    described = json.loads((_module(f"k8s.io/kubernetes@{versions.KUBERNETES}") / _DESCRIPTION).read_text("utf-8"))
    definitions = {name: _closed(found) for name, found in described["definitions"].items()} | _TOLD_OTHERWISE
    (folder / _SHARED).write_text(json.dumps({"definitions": definitions}).replace('"#/', f'"{_SHARED}#/'), "utf-8")
    for name, found in described["definitions"].items():
        for kind in found.get("x-kubernetes-group-version-kind", []):
            place = folder / _file(kind["group"], kind["version"], kind["kind"])
            place.write_text(json.dumps({"$ref": f"{_SHARED}#/definitions/{name}"}), "utf-8")
    of_modules = [_module(module) / file for module, files in _DEFINITIONS.items() for file in files]
    for path in [*of_modules, *strimzi_definitions()]:
        for place, schema in _custom(path):
            (folder / place).write_text(json.dumps(schema), "utf-8")


def _custom(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for found in yaml.safe_load_all(path.read_text("utf-8")):
        if not found or found["kind"] != "CustomResourceDefinition":
            continue
        spec = found["spec"]
        for version in spec["versions"]:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {"metadata": _META}
            yield _file(spec["group"], version["name"], spec["names"]["kind"]), schema


def _file(group: str, version: str, kind: str) -> str:
    """As kubeconform names it by default: `deployment-apps-v1.json`, `service-v1.json`."""
    return "-".join([kind.lower(), *group.split(".")[:1], version] if group else [kind.lower(), version]) + ".json"


def _closed(schema: Any) -> Any:
    """Without room for unknown fields, with null where a field may as well be missing, and without prose: it is most of
    what there would be to read.
    """
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return _EITHER
    closed = {key: _closed(value) for key, value in schema.items() if key not in {"description", "properties", "enum"}}
    if "enum" in schema:
        closed["enum"] = schema["enum"]
    if "properties" in schema:
        closed["properties"] = {name: _or_null(_closed(value)) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed.setdefault("additionalProperties", False)
    return closed


def _or_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def _module(name: str) -> Path:
    """The module's folder, which the proxy's checksums vouch for."""
    go = shutil.which("go")
    if go is None:
        raise SystemExit(f"{PART} come by Go modules and need Go 1.26 or newer on the PATH")
    with tempfile.TemporaryDirectory() as nowhere:  # outside any module, whose go.mod would have to know it
        environ = os.environ | {"GOFLAGS": "-mod=mod"}
        done = subprocess.run(
            [go, "mod", "download", "-json", name], cwd=nowhere, env=environ, check=True, capture_output=True
        )
    return Path(json.loads(done.stdout)["Dir"])
