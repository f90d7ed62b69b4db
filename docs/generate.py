"""Write the generated parts of README.md: `make docs`. A test holds the README against the code."""

import sys
from pathlib import Path

from rockseg_api.http.problems import errors_table
from rockseg_api.settings import ApiSettings
from rockseg_core.adapters.kafka.deliveries_settings import group_settings_table
from rockseg_core.adapters.kafka.settings import settings_table as kafka_table
from rockseg_core.adapters.s3.settings import settings_table as s3_table
from rockseg_core.codec.settings import settings_table
from rockseg_core.domain.warnings import SENTENCES
from rockseg_inference.process import ProcessSettings
from rockseg_inference.settings import WorkerSettings

README = Path(__file__).parents[1] / "README.md"


def generated(text: str) -> str:
    """`text` with what stands between `<!-- name -->` and `<!-- /name -->` made anew."""
    blocks = {
        "errors": errors_table(),
        "warnings": warnings_table(),
        "api-settings": settings_table(ApiSettings),
        "worker-settings": settings_table(ProcessSettings) + settings_table(WorkerSettings).split("\n", 2)[2],
        "s3-settings": s3_table(),
        "kafka-settings": kafka_table(),
        "group-settings": group_settings_table(),
    }
    for name, block in blocks.items():
        head, begin, rest = text.partition(f"<!-- {name} -->\n")
        _old, end, tail = rest.partition(f"<!-- /{name} -->")
        if not begin or not end:
            raise SystemExit(f"README.md has no block named {name}")
        text = f"{head}{begin}{block.strip()}\n{end}{tail}"
    return text


def warnings_table() -> str:
    rows = [f"| `{code}` | {sentence} |" for code, sentence in SENTENCES.items()]
    return "\n".join(["| warning | meaning |", "|---|---|", *rows])


if __name__ == "__main__":
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {README.name}\n")
