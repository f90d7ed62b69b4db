"""Apache Kafka's jars from Maven Central."""

import shutil
import subprocess
from pathlib import Path

from tests.real import versions
from tests.real.cache import install, part_folder

_POM = f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rockseg</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{versions.KAFKA}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{versions.KAFKA}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>{versions.LOG4J}</version>
    </dependency>
  </dependencies>
</project>
"""


def installed_jars() -> Path | None:
    """The folder of jars, where Kafka is installed and there is a Java to run it."""
    folder = part_folder("kafka", versions.KAFKA)
    return folder if folder.is_dir() and shutil.which("java") else None


def install_kafka() -> bool:
    """False if it was there already. Raises SystemExit with a sentence where there is no Maven."""
    return install("kafka", versions.KAFKA, _build)


def _build(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise SystemExit("kafka comes by Maven and needs mvn and Java 17 on the PATH")
    pom = folder / "pom.xml"
    pom.write_text(_POM)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    subprocess.run([maven, "--batch-mode", "--quiet", "--file", str(pom), *goal], check=True)
