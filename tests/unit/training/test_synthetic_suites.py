"""Beds of one deposit: colours in common, darker with more clay, and contacts that grade."""

import numpy as np
import pytest

from rockseg_training.synthetic import column, paint
from rockseg_training.synthetic.column import draw_column
from rockseg_training.synthetic.kinds import INDEX
from rockseg_training.synthetic.paint import Painter
from rockseg_training.synthetic.stage import Stage
from rockseg_training.synthetic.suite import Suite, draw_suite, softness

SAND, SILT, MUD, DOLOMITE = (INDEX[name] for name in ("sandstone", "siltstone", "mudstone", "dolomite"))
GREY = Suite(np.array((180, 170, 150), np.float32), np.array((70, 66, 60), np.float32))


def _lightness(suite: Suite, index: int) -> float:
    rng = np.random.default_rng(1)
    return float(np.mean([suite.toned(rng, index, np.full((4, 4, 3), 99.0, np.float32)).mean() for _ in range(40)]))


def test_more_clay_is_darker_within_a_suite() -> None:
    assert _lightness(GREY, SAND) > _lightness(GREY, SILT) + 30 > _lightness(GREY, MUD) + 60


def test_a_bed_keeps_its_marks_and_rocks_without_clay_their_colour() -> None:
    rng = np.random.default_rng(2)
    face = rng.uniform(80, 120, (20, 20, 3)).astype(np.float32)
    toned = GREY.toned(rng, MUD, face)
    assert np.allclose(toned - toned.mean((0, 1)), face - face.mean((0, 1)), atol=1e-3)
    assert GREY.toned(rng, DOLOMITE, face) is face


def test_in_most_suites_clay_is_dark_in_some_pale_and_half_the_photos_have_none() -> None:
    suites = [draw_suite(np.random.default_rng(seed)) for seed in range(400)]
    drawn = [suite for suite in suites if suite]
    assert 0.4 < len(drawn) / len(suites) < 0.6
    dark = np.mean([suite.clay.mean() < suite.clean.mean() for suite in drawn])
    assert 0.8 < dark < 0.97


def test_of_all_photos_one_mudstone_in_five_is_lighter_than_the_median_sandstone() -> None:
    sands, muds = (_as_drawn(index) for index in (SAND, MUD))
    assert np.mean(muds > np.median(sands)) >= 0.2


def _as_drawn(index: int) -> np.ndarray:
    """Lightness of 600 beds, in photos with suites and without."""
    rng, painter, found = np.random.default_rng(index), Painter(), []
    for _ in range(600):
        suite = draw_suite(rng)
        face = painter.paint(rng, index, 20, 20, core_width_px=60, core_mm=60)
        found.append((suite.toned(rng, index, face) if suite else face).mean())
    return np.array(found)


def test_contacts_grade_within_a_suite_alone() -> None:
    rng = np.random.default_rng(3)
    within = [softness(rng, GREY, SAND, MUD) for _ in range(200)]
    assert 0.25 < np.mean(np.array(within) > 0) < 0.55
    assert max(softness(rng, None, SAND, MUD) for _ in range(50)) == 0
    assert max(softness(rng, GREY, SAND, DOLOMITE) for _ in range(50)) == 0


@pytest.fixture
def flat_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rocks of one grey, in no light: whatever else is seen is of the contacts."""
    for name in ("relief", "rough"):
        monkeypatch.setattr(column, name, lambda _, pixels: pixels)
    monkeypatch.setattr(column, "hairlines", lambda _, pixels, __: pixels)
    monkeypatch.setattr(column, "write", lambda _, pixels, **__: (pixels, None))
    flat = np.full(3, 200.0, np.float32)
    monkeypatch.setattr(paint, "paint_family", lambda _, __, height, width, **___: np.tile(flat, (height, width, 1)))


@pytest.mark.usefixtures("flat_faces")
def test_some_contacts_grade_and_the_mask_parts_the_rocks_half_way() -> None:
    stage, lengths = Stage(Painter(), 80.0, 80.0, suite=GREY), []
    for seed in range(24):
        core = draw_column(np.random.default_rng(seed), 400, 80, stage, whole=True, beds=[(SAND, 2.0), (MUD, 9.0)])
        contact = int(np.argmax(core.mask[:, 40] == MUD))
        assert 0 < contact < 300
        line = core.pixels[:, 40].mean(1)
        above, below = line[0], line[-1]
        lengths.append(int(((line < above - 1) & (line > below + 1)).sum()))
        if lengths[-1] > 6:
            assert abs(line[contact - 1 : contact + 1].mean() - (above + below) / 2) < (above - below) / lengths[-1]
    assert min(lengths) <= 1
    assert max(lengths) > 10


@pytest.mark.usefixtures("flat_faces")
def test_a_contact_that_grades_passes_from_rock_to_rock_and_through_nothing_else() -> None:
    pale = np.full(3, 200.0, np.float32)
    stage = Stage(Painter(), 60.0, 80.0, suite=Suite(pale, pale))
    for seed in range(12):
        core = draw_column(np.random.default_rng(seed), 300, 60, stage, whole=True)
        assert (core.mask > 0).all()
        assert core.pixels.min() > 150, "an unpainted row is black"
