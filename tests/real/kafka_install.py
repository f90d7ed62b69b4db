"""Apache Kafka's jars from Maven Central."""

import shutil
from pathlib import Path

from tests.real import versions
from tests.real.cache import install, part_folder
from tests.real.maven import fetch_jars


def installed_jars() -> Path | None:
    """The folder of jars, where Kafka is installed and there is a Java to run it."""
    folder = part_folder("kafka", versions.KAFKA)
    return folder if folder.is_dir() and shutil.which("java") else None


def install_kafka() -> bool:
    """False if it was there already. Raises SystemExit with a sentence where there is no Maven."""
    return install("kafka", versions.KAFKA, _build)


def _build(folder: Path) -> None:
    artifacts = {
        "org.apache.kafka:kafka_2.13": versions.KAFKA,
        "org.apache.kafka:kafka-tools": versions.KAFKA,
        "org.apache.logging.log4j:log4j-slf4j-impl": versions.LOG4J,
    }
    fetch_jars(folder, artifacts)
