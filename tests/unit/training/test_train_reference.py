"""The reference's recipe, in small: whole and in folds, from where it was left, to figures and a card."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from typing_extensions import override

from rockseg_core.domain.errors import SettingsError
from rockseg_model.bundle import load_bundle
from rockseg_model.weights import unpack
from rockseg_training import train_reference as train_reference_module
from rockseg_training.averaging import between
from rockseg_training.batches import Batch
from rockseg_training.datasets.errors import DatasetError
from rockseg_training.evaluation import colour_baseline, evaluation
from rockseg_training.evaluation.evaluation import FIGURES
from rockseg_training.folds import FOLDS
from rockseg_training.reference_card import main as write_card_command
from rockseg_training.reference_card import write_card
from rockseg_training.reference_recipe import pretraining_recipe
from rockseg_training.reference_runs import PRETRAINING, read_figures, run_folder, what_is_left
from rockseg_training.train import Length
from rockseg_training.train_reference import Run, train_reference
from rockseg_training.trainer import CHECKPOINT, Trainer


def _box(data: Path, name: str, ending: str) -> None:
    """Two cores of 40 pixels, upright."""
    folder = data / Path(name).parent
    folder.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((200, 120), np.uint8)
    for left in (10, 70):
        mask[10:190, left : left + 40] = 1
    cv2.imwrite(str(data / f"{name}.jpg"), np.where(mask[..., None] == 1, np.uint8(60), np.uint8(200)).repeat(3, 2))
    cv2.imwrite(str(data / f"{name}{ending}"), mask)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Two steps of one crop."""
    monkeypatch.setattr(evaluation, "TREES_DRAWN", 2)
    monkeypatch.setattr(colour_baseline, "ROUNDS", 3)
    data = tmp_path / "data"
    for name in ("core-boxes/box-02", "core-boxes/box-08", "core-boxes/box-19"):
        _box(data, name, ".rock.png")
    _box(data, "boxes-carbonate/corebox-01", "-mask.png")
    (data / "boxes-carbonate" / "labels.csv").write_text(
        "file,column,y_top,y_bottom,CaCO3_pct_from_XRF,class\n"
        "corebox-01.jpg,1,10,90,90.0,limestone\ncorebox-01.jpg,2,10,90,50.0,marl\n"
    )
    (data / "textures").mkdir()
    cv2.imwrite(str(data / "textures" / "conglomerate-outcrop-01.jpg"), np.full((60, 50, 3), 90, np.uint8))
    return Run(
        data=data,
        fold=FOLDS["1"],
        checkpoints=tmp_path / "checkpoints",
        encoder_weights=None,
        pretraining=Length(steps=1),
        length=Length(steps=2),
        threads=1,
        crops=1,
        drawn=1,
        calibration_crops=4,
        changed=False,
    )


def test_the_bundle_is_between_what_drawn_cores_taught_and_what_photos_taught(run: Run) -> None:
    train_reference(run, lambda _: None)
    bundle = unpack(load_bundle(run.folder / "bundle").weights)
    first, *seconds = (
        torch.load(folder / CHECKPOINT, weights_only=True)["mean"]
        for folder in (run_folder(run.checkpoints, PRETRAINING, "half"), *sorted(run.folder.glob("second-*")))
    )
    assert len(seconds) == 2
    assert any((seconds[0][name] != value).any() for name, value in seconds[1].items()), "seeds of their own"
    between_them = 0
    for name, value in bundle.items():
        ends = first[name].double(), (seconds[0][name].double() + seconds[1][name].double()) / 2
        low, high = torch.minimum(*ends), torch.maximum(*ends)
        room = 2e-3 * (1 + high.abs())  # of the bundle's half precision
        assert ((value >= low - room) & (value <= high + room)).all(), name
        between_them += int(((value > low + room) & (value < high - room)).sum())
    assert between_them > 100


def test_the_second_stages_are_taught_by_what_the_first_became(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, dict[str, torch.Tensor]]] = []

    class Spied(Trainer):
        @override
        def step(self, batch: Batch) -> float:
            teacher = self._teacher
            if teacher is not None:
                copy = {name: value.clone() for name, value in teacher.state_dict().items()}
                seen.append((any(part.training for part in teacher.modules()), copy))
            return super().step(batch)

    monkeypatch.setattr(train_reference_module, "Trainer", Spied)
    train_reference(run, lambda _: None)
    folder = run_folder(run.checkpoints, PRETRAINING, "half")
    first = torch.load(folder / CHECKPOINT, weights_only=True)["mean"]
    assert len(seen) == 2 * 2, "two stages of two steps"
    for training, weights in seen:
        assert not training
        assert all(torch.equal(weights[name], value) for name, value in first.items())


def test_norms_are_frozen_in_the_rest_of_the_second_stage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_reference_module, "NORMS_FROZEN_FROM", 2)
    train_reference(replace(run, length=Length(steps=4)), lambda _: None)
    state = torch.load(run.folder / "second-2" / CHECKPOINT, weights_only=True)["network"]
    counted = {int(value) for name, value in state.items() if name.endswith("num_batches_tracked")}
    assert counted == {3}, "one batch of the first stage and two of the second"


def test_between_two_networks_shares_are_kept_and_counts_are_the_second_s() -> None:
    first = {"weight": torch.zeros(3), "count": torch.tensor(5)}
    second = {"weight": torch.ones(3), "count": torch.tensor(9)}
    made = between(first, second, 0.25)
    assert made["weight"].tolist() == [0.25] * 3
    assert made["count"] == 9
    assert second["weight"].tolist() == [1.0] * 3


def test_a_run_killed_in_its_last_training_leaves_the_others_as_they_are(run: Run) -> None:
    train_reference(run, lambda _: None)
    done, whole = run.folder / "second-1" / CHECKPOINT, load_bundle(run.folder / "bundle").weights
    written = done.read_bytes()
    (run.folder / "second-2" / CHECKPOINT).unlink()
    train_reference(run, lambda _: None)
    assert done.read_bytes() == written
    assert load_bundle(run.folder / "bundle").weights == whole
    train_reference(replace(run, length=Length(minutes=5.0)), lambda _: None)
    assert done.read_bytes() == written, "whatever time is left of its minutes"


def test_a_fold_goes_on_from_where_it_was_left_and_ends_with_a_bundle_and_figures(run: Run) -> None:
    said: list[str] = []
    figures = json.loads(train_reference(run, said.append).read_text())
    assert figures["left_out"] == ["core-boxes/box-02", "boxes-carbonate/corebox-01"]
    assert figures["learnt"] == {"core-boxes": 2, "crops of one rock": 1}
    photos = figures["models"][0]["photos"]
    assert photos["by_photo"].keys() == {"core-boxes/box-02", "boxes-carbonate/corebox-01"}
    assert photos["called_rock"].keys() == {"foam, paper and card", "foam and card between carbonate cores"}
    assert photos["rows"][0]["rows"] == 2
    assert figures["models"][0].keys() >= {"drawn", "drawn_colour_baseline", "photos_colour_baseline"}
    first = load_bundle(run.folder / "bundle")
    assert first.manifest.calibration is not None

    train_reference(replace(run, length=Length(steps=3)), said.append)
    assert "Going on from step 2 of 2." in said
    assert read_figures(run.checkpoints)["1"]["steps"] == 3 + 3, "in both trainings"
    assert load_bundle(run.folder / "bundle").weights != first.weights
    with pytest.raises(SettingsError, match="of another run"):
        train_reference(replace(run, seed=2), said.append)


def test_all_runs_begin_with_one_pretraining_that_saw_no_photo(run: Run) -> None:
    """Else what is left out of a fold would be known to it."""
    first = json.loads(train_reference(run, lambda _: None).read_text())
    checkpoint = run_folder(run.checkpoints, PRETRAINING, "half") / CHECKPOINT
    written = checkpoint.read_bytes()
    second = json.loads(train_reference(replace(run, fold=FOLDS["2"]), lambda _: None).read_text())
    assert first["pretraining_steps"] == second["pretraining_steps"] == 1
    assert checkpoint.read_bytes() == written
    more = replace(run, pretraining=Length(steps=2))
    with pytest.raises(SettingsError, match="began with 1 steps"):
        train_reference(more, lambda _: None)
    assert checkpoint.read_bytes() == written
    for fold in ("1", "2"):
        shutil.rmtree(run_folder(run.checkpoints, fold, "half"))
    assert (
        json.loads(train_reference(replace(more, fold=FOLDS["3"]), lambda _: None).read_text())["pretraining_steps"]
        == 2
    )
    recipe = pretraining_recipe(run.seed, run.data)
    assert not recipe.dataset.entries
    assert recipe.patches is None


def test_a_folder_without_the_photos_is_said_before_any_step(run: Run, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no photos laid out"):
        train_reference(replace(run, data=tmp_path / "nothing"), lambda _: None)


def test_the_full_decoder_is_measured_like_the_half_and_writes_no_bundle(run: Run) -> None:
    whole = replace(run, decoder="full", drawn=0)
    figures = json.loads(train_reference(whole, lambda _: None).read_text())
    assert figures["decoder"] == "full"
    assert figures["models"][0]["photos"]["rock_iou"] is not None
    assert whole.folder != run.folder
    assert not (whole.folder / "bundle").exists()


def test_what_is_left_is_said_and_the_card_needs_the_full_run(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_reference(run, lambda _: None)
    left = "\n".join(what_is_left(run.checkpoints))
    assert "FOLD=2" in left
    assert "FOLD=1" not in left
    assert write_card_command([str(run.checkpoints), "-o", str(tmp_path / "bundle")]) == 2
    assert "no figures of the full run" in capsys.readouterr().err

    train_reference(replace(run, fold=FOLDS["all"]), lambda _: None)
    assert write_card_command([str(run.checkpoints), "-o", str(tmp_path / "bundle"), "--version", "9"]) == 0
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.manifest.version == "9"
    assert bundle.weights == load_bundle(run_folder(run.checkpoints, "all", "half") / "bundle").weights
    for wanted in (
        "# reference 9",
        "| core-boxes/box-02 | 1 |",
        "limestone or marl rock",
        "British Geological",
        "CC BY",
    ):
        assert wanted in bundle.card
    assert "Not measured yet: fold 2, fold 3" in bundle.card


def test_a_card_names_which_figure_is_of_which_fold() -> None:
    photos = {
        "by_photo": {"core-boxes/box-08": {"rock_iou": 0.93, "background_iou": None, "possible_kind": 0.5}},
        "sources": {}, "called_rock": {"empty tray": {"share": 0.1}}, "rows": [], "classes": {}, "steadiness": {},
    }  # fmt: skip
    fold = {
        "pretraining_steps": 7, "pretraining_minutes": 40, "steps": 5, "minutes": 30, "threads": 2, "seed": 1,
        "second_stages": 2, "second_stage_share": 0.8, "learnt": {"a": 3}, "models": [{"photos": photos}],
    }  # fmt: skip
    card = write_card({"2": fold}, "reference", "1")
    assert "| core-boxes/box-08 | 2 | 0.930 | – | 0.500 |" in card
    assert "| empty tray | 2 | 0.100 |" in card
    assert "| core-boxes | 1 | 0.930 | 0.930 | – | – |" in card
    assert "drawn cores of families" not in card
    full = {
        **fold,
        "models": [{"drawn": {"classes": {}, "mean_iou": 0.5, "calibration_error": 0.1, "risk_coverage_area": 0.1}}],
    }
    assert "trained without the photos named" in write_card({"2": fold, "all": full}, "reference", "1")
    fewer = write_card({"2": fold, "all": {**full, "steps": 6}}, "reference", "1")
    assert "trained for fewer steps and without the photos named" in fewer


def test_minutes_are_of_both_second_stages_and_steps_of_each(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Length] = []
    monkeypatch.setattr(train_reference_module, "train_reference", lambda run, _: asked.append(run.length))
    where = [str(run.data), "--checkpoints", str(run.checkpoints)]
    assert train_reference_module.main([*where, "--minutes", "20"]) == 0
    assert train_reference_module.main([*where, "--minutes", "20", "--steps", "7"]) == 0
    assert [(length.minutes, length.steps) for length in asked] == [(10.0, None), (10.0, 7)]


def test_figures_of_one_second_stage_are_not_taken_for_done(run: Run) -> None:
    for fold in FOLDS:
        folder = run_folder(run.checkpoints, fold, "half")
        folder.mkdir(parents=True)
        (folder / FIGURES).write_text('{"steps": 900}')
    assert len([line for line in what_is_left(run.checkpoints) if line.startswith("Left")]) == len(FOLDS)
