"""A model over photos: what it says is counted, beside what colour alone can tell."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.domain.job import ModelRef
from rockseg_model.bundle import load_bundle
from rockseg_model.tiled_segmenter import Network, TiledSegmenter
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.datasets.read import read_dataset
from rockseg_training.evaluation import colour_baseline, evaluation
from rockseg_training.evaluation.colour_baseline import fitted
from rockseg_training.evaluation.evaluation import FIGURES, Scope, Watcher, evaluate_models, write_results
from rockseg_training.evaluation.judge import Model, model_of
from rockseg_training.evaluation.results import Results
from rockseg_training.evaluation.steadiness import CHANGES, SHIFTED, steadiness
from rockseg_training.evaluation.table import lines_of
from rockseg_training.labels import LabelSpace, joined, space_of

BUNDLE = Path(__file__).parents[3] / "models" / "reference"
TONES = np.array([(10, 10, 10), (150, 150, 150), (250, 250, 250)], np.float64)


@dataclass
class Brightness(Network):
    """Reads the class off the grey: black is background, grey sandstone, white siltstone. As sure as `steepness`."""

    steepness: float = 30.0

    @property
    @override
    def device(self) -> str:
        return "cpu"

    @override
    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        return [self._logits(tile.astype(np.float32).mean(2)) for tile in pixels]

    def _logits(self, grey: np.ndarray) -> Logits:  # type: ignore[type-arg]
        logits = np.full((12, *grey.shape), -60, np.float32)
        for index, tone in enumerate(TONES[:, 0]):
            logits[index] = -np.abs(grey - tone) / 255 * self.steepness
        return logits


class Quiet(Watcher):
    def __init__(self) -> None:
        self.steps: dict[str, list[int]] = {}

    @override
    def begin(self, what: str, steps: int) -> Callable[[], None]:
        counted = self.steps[what] = [0, steps]

        def step() -> None:
            counted[0] += 1

        return step


def segmenter(network: Network, *, shifted: bool = False) -> TiledSegmenter:
    return TiledSegmenter(load_bundle(BUNDLE).manifest, ModelRef("a", "1", ""), network, shifted=shifted)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "TREES_DRAWN", 2)
    monkeypatch.setattr(colour_baseline, "ROUNDS", 20)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two holes of two photos: a core of sandstone on siltstone, 120 px wide."""
    folder = tmp_path / "data"
    for part in ("photos", "masks"):
        (folder / part).mkdir(parents=True)
    for hole in ("A", "B"):
        for number in range(2):
            mask = np.zeros((480, 200), np.uint8)
            mask[20:240, 40:160], mask[240:460, 40:160] = 1, 2
            pixels = np.clip(TONES[mask] + np.random.default_rng(number).normal(0, 5, (480, 200, 3)), 0, 255)
            cv2.imwrite(str(folder / "photos" / f"{hole}_{number}.png"), pixels.astype(np.uint8))
            Image.fromarray(mask).save(folder / "masks" / f"{hole}_{number}.png")
    names = {"classes": ["background", "sandstone", "siltstone", "tuff"]}
    (folder / "classes.json").write_text(json.dumps(names))
    return folder


def space_for(data: Path) -> LabelSpace:
    base = space_of(load_bundle(BUNDLE).manifest.classes)
    return joined(base, read_dataset(data, base).space)


def judged(data: Path, network: Network, scope: Scope, watcher: Watcher | None = None) -> Results:
    space = space_for(data)
    model = model_of(segmenter(network), space, segmenter(network, shifted=True))
    (result,) = evaluate_models([model], read_dataset(data, space).into(space), space, scope, watcher or Quiet())
    return result


def test_who_reads_the_photo_right_gets_full_marks_and_so_does_colour_where_colour_tells(data: Path) -> None:
    watcher = Quiet()
    content = judged(data, Brightness(), Scope(drawn=0, changed=False), watcher).as_json()
    photos = content["photos"]
    assert photos["classes"].keys() == {"background", "sandstone", "siltstone"}
    assert min(of["iou"] for of in photos["classes"].values()) > 0.93
    assert photos["rock_iou"] > 0.95
    assert photos["contacts"] == {
        "true": 4, "said": 4, "median_error_core_widths": pytest.approx(0, abs=0.03),
        "median_error_of_said_core_widths": pytest.approx(0, abs=0.03), "found_within_0.15_core_widths": 1.0,
    }  # fmt: skip
    assert photos["called_rock"]["background"]["share"] < 0.05
    assert photos["by_photo"].keys() == {"A_0.png", "A_1.png", "B_0.png", "B_1.png"}
    assert content["photos_colour_baseline"]["mean_iou"] > 0.5
    assert all(done == steps for done, steps in watcher.steps.values())


def test_one_that_is_never_sure_and_always_right_is_called_badly_calibrated(data: Path) -> None:
    scope = Scope(drawn=0, changed=False, baseline=False)
    sure, unsure = (judged(data, Brightness(steep), scope).as_json()["photos"] for steep in (60.0, 3.0))
    assert sure["calibration_error"] < 0.05
    assert unsure["calibration_error"] > 0.2
    assert unsure["rock_iou"] == pytest.approx(sure["rock_iou"], abs=0.02)


def test_a_mask_that_stays_is_steady_and_one_that_rests_on_brightness_is_not() -> None:
    mask = np.zeros((400, 300), np.uint8)
    mask[:, 80:220] = 1
    pixels = np.repeat(TONES[mask][..., :1].astype(np.uint8), 3, axis=2)
    kept = steadiness(pixels, mask, segmenter(Brightness()), segmenter(Brightness(), shifted=True))
    assert kept.keys() == {*CHANGES, SHIFTED}
    assert min(kept.values()) > 0.97
    pixels[mask == 1] = 190  # 20 % brighter it is siltstone
    assert steadiness(pixels, mask, segmenter(Brightness()), None)["20 % brighter"] < 0.7


def test_two_models_stand_side_by_side_in_json_table_and_pictures(data: Path, tmp_path: Path) -> None:
    scope = Scope(drawn=2, changed=True, baseline=True)
    space = space_for(data)
    dataset = read_dataset(data, space).into(space)
    models = [model_of(segmenter(Brightness(steep)), space) for steep in (30.0, 4.0)]
    named = [Model(name, model.segmenter, model.table) for name, model in zip("ab", models, strict=True)]
    results = evaluate_models(named, dataset, space, scope, Quiet())
    files = write_results(tmp_path / "out", results)
    assert all(file.stat().st_size for file in files)
    assert {"worst-1.png", "worst-2.png", "confusion-2.png", "reliability.png", "risk-coverage.png"} <= {
        file.name for file in files
    }
    content = json.loads((tmp_path / "out" / FIGURES).read_text())
    assert [model["model"] for model in content["models"]] == ["a", "b"]
    lines = {line.name: line for _, part in lines_of(content["models"]) for line in part}
    first, second = lines["calibration error"].models
    assert isinstance(first, float)
    assert isinstance(second, float)
    assert lines["mean IoU"].colour is not None
    assert "mirrored: pixels that keep their class" in lines


def test_colour_alone_tells_colours_and_not_patterns_of_one_colour() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.array([[1, 2]], np.uint8), 200, axis=0).repeat(100, axis=1)
    coloured = np.where((labels == 1)[..., None], (200, 60, 60), (60, 60, 200)) + rng.normal(0, 20, (200, 200, 3))
    stripes = np.where((np.arange(200) // 4 % 2).astype(bool), 90, 160)
    patterned = np.where(labels == 1, stripes[:, None], stripes[None, :])[..., None].repeat(3, axis=2)
    for pixels, low, high in ((coloured, 0.95, 1.0), (patterned, 0.0, 0.85)):
        photo = np.clip(pixels, 0, 255).astype(np.uint8)
        baseline = fitted(3, [(photo, labels, 40.0)])
        upside_down = np.ascontiguousarray(photo[:, ::-1])
        right = (baseline.predict(upside_down, 40.0) == labels[:, ::-1]).mean()
        assert low <= right <= high


def test_with_one_class_there_is_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="fewer than two classes"):
        fitted(3, [(np.zeros((9, 9, 3), np.uint8), np.ones((9, 9), np.uint8), 9.0)])


def test_a_hole_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No photo is of C; there are A, B"):
        evaluation.evaluate_bundles([BUNDLE], data, tmp_path, Scope(), Quiet(), only=frozenset("C"))


def test_what_is_asked_for_by_hole_or_photo_is_measured_and_nothing_else(data: Path, tmp_path: Path) -> None:
    scope = Scope(drawn=0, changed=False, baseline=False)
    for number, (only, measured) in enumerate((("B", {"B_0.png", "B_1.png"}), ("A_1.png", {"A_1.png"}))):
        (result,) = evaluation.evaluate_bundles(
            [BUNDLE], data, tmp_path / str(number), scope, Quiet(), only=frozenset({only})
        )
        assert result.as_json()["photos"]["by_photo"].keys() == measured
