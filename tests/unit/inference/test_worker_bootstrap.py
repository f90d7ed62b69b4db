import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from rockseg_core.domain.errors import BundleError, SettingsError
from rockseg_core.testing.null_segmenter import NullSegmenter
from rockseg_inference.bootstrap import load_segmenter
from rockseg_inference.metrics import CATALOGUE, WorkerMetrics, metrics_table
from rockseg_inference.settings import WorkerSettings, from_environment, settings_table


def test_the_null_model_is_chosen_by_its_name_and_loads_no_torch() -> None:
    code = (
        "import sys; from rockseg_inference.bootstrap import load_segmenter;"
        "assert load_segmenter('null:20ms').latency_seconds == 0.02; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert isinstance(load_segmenter("null"), NullSegmenter)


def test_a_folder_without_a_bundle_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        load_segmenter(str(tmp_path))
    assert caught.value.sentence


def test_the_worker_as_a_process_of_its_own_names_the_setting_that_it_lacks() -> None:
    code = "from rockseg_inference.entrypoints.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, env={})
    assert done.returncode == 2
    assert "ROCKSEG_MODEL" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_come_from_the_environment_and_default_for_the_rest() -> None:
    settings = from_environment({"ROCKSEG_BATCH_TILES": "3", "ROCKSEG_DRAIN_SECONDS": "1.5", "HOME": "/"})
    assert (settings.batch_tiles, settings.drain_seconds) == (3, 1.5)
    assert settings.max_attempts == WorkerSettings().max_attempts == 3


@pytest.mark.parametrize(
    "environ", [{"ROCKSEG_BATCH_TILES": "0"}, {"ROCKSEG_BATCH_TILES": "many"}, {"ROCKSEG_JOBS_IN_FLIGHT": "-1"}]
)
def test_a_setting_that_does_not_fit_is_named(environ: Mapping[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        from_environment(environ)


def test_every_setting_and_every_metric_is_documented() -> None:
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(WorkerSettings.__struct_fields__)
    assert not any(row.endswith("|  |") for row in rows)
    assert len(metrics_table().splitlines()) == 2 + len(CATALOGUE)


def test_the_catalogue_is_what_the_registry_holds() -> None:
    registry = CollectorRegistry()
    WorkerMetrics(registry)
    found = {f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()}
    assert found == set(CATALOGUE)
