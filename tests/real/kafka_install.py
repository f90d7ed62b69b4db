"""Apache Kafka from Maven Central, once a machine, into the cache of real parts."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.3.1"
LOG4J_VERSION = "2.25.3"

_POM = f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rockseg</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


def cache_folder() -> Path:
    return Path(os.environ.get("ROCKSEG_CACHE") or Path.home() / ".cache" / "rockseg")


def installed_jars() -> Path | None:
    """The folder of jars, where Kafka is installed and there is a Java to run it."""
    folder = _jars()
    return folder if folder.is_dir() and shutil.which("java") else None


def install() -> Path:
    """Have Maven fetch the jars (54 MB); whole or not at all, so that a cut install is begun anew."""
    folder = _jars()
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        (Path(work) / "pom.xml").write_text(_POM)
        subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=jars"],
            cwd=work,
            check=True,
        )
        (Path(work) / "jars").rename(folder)
    return folder


def _jars() -> Path:
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


if __name__ == "__main__":
    sys.stdout.write(f"Kafka {KAFKA_VERSION}: {install()}\n")
