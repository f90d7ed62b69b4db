"""Jars from Maven Central, by Maven itself."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rockseg</groupId><artifactId>for-tests</artifactId><version>1</version>
  <dependencies>{dependencies}</dependencies>
</project>
"""
_DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"


def fetch_jars(folder: Path, artifacts: Mapping[str, str]) -> None:
    """Those of `group:artifact` → version, and of what they need. Raises SystemExit with a sentence without Maven."""
    maven = shutil.which("mvn")
    if maven is None:
        raise SystemExit(f"{', '.join(artifacts)} come by Maven and need mvn and Java 17 on the PATH")
    wanted = [_DEPENDENCY.format(*name.split(":"), version) for name, version in artifacts.items()]
    pom = folder / "pom.xml"
    pom.write_text(_POM.format(dependencies="".join(wanted)))
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    subprocess.run([maven, "--batch-mode", "--quiet", "--file", str(pom), *goal], check=True)
