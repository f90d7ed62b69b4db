"""CustomResourceDefinitions of Strimzi's KafkaTopic and KafkaUser: its own generator makes them of its own classes."""

import subprocess
from pathlib import Path
from typing import Final

from tests.real import versions
from tests.real.cache import install, part_folder
from tests.real.maven import fetch_jars

PART: Final = "strimzi-kinds"
KINDS: Final = {
    "topic": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "user": "io.strimzi.api.kafka.model.user.KafkaUser",
}
_GENERATOR: Final = "io.strimzi.crdgenerator.CrdGenerator"


def strimzi_definitions() -> list[Path]:
    """A file for each kind; installed if need be."""
    install(PART, versions.STRIMZI, _build)
    return [part_folder(PART, versions.STRIMZI) / f"{name}.yaml" for name in KINDS]


def _build(folder: Path) -> None:
    jars = folder / "jars"
    jars.mkdir()
    artifacts = {"io.strimzi:api": versions.STRIMZI}
    artifacts |= dict.fromkeys(("io.strimzi:crd-annotations", "io.strimzi:crd-generator"), versions.STRIMZI_GENERATOR)
    fetch_jars(jars, artifacts)
    outputs = [f"{kind}={folder / name}.yaml" for name, kind in KINDS.items()]
    options = ["--yaml", "--target-kube", "1.25+", "--crd-api-version", "v1"]
    subprocess.run(["java", "-cp", f"{jars}/*", _GENERATOR, *options, *outputs], check=True, capture_output=True)
