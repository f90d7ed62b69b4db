"""Print what distributions of this checkout need of others, `name==version` a line; pip decides, nothing is installed.

    resolve.py [--without REGEX] [--extra-index-url URL] FOLDER…

Their `pyproject.toml` is enough, so a layer of what others wrote survives every change of our own code.
"""

import argparse
import json
import re
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--without", default="(?!)", help="names, lower case and with dashes, to leave out")
parser.add_argument("--extra-index-url", action="append", default=[])
parser.add_argument("folders", nargs="+")
asked = parser.parse_args()

command = [sys.executable, "-m", "pip", "--python", "/opt/venv/bin/python", "install", "--quiet", "--dry-run"]
indexes = [f"--extra-index-url={url}" for url in asked.extra_index_url]
report = subprocess.run(  # noqa: S603  # of this file's own making
    [*command, *indexes, "--report", "-", *asked.folders], check=True, stdout=subprocess.PIPE
).stdout
for found in json.loads(report)["install"]:
    name = re.sub(r"[-_.]+", "-", found["metadata"]["name"]).lower()
    ours = "dir_info" in found["download_info"]
    if not ours and not re.search(asked.without, name):
        sys.stdout.write(f"{name}=={found['metadata']['version']}\n")
