"""Fitting and measuring, with a network that sees the mean colour and pictures few and small."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np
import pytest
from typing_extensions import override

from rockseg_core.domain.arrays import Logits, Pixels
from rockseg_core.testing.null_segmenter import NULL_CLASSES, NULL_MANIFEST, NullSegmenter
from rockseg_model.glimpse import Features, Inside
from rockseg_model.tiled_segmenter import Network, TiledSegmenter
from rockseg_training.core_pictures import DRAWN_SOURCE, drawn_pictures, real_pictures
from rockseg_training.datasets.photo import Dataset, Photo
from rockseg_training.honest_bundle import HEADING, section, with_section, worst_source
from rockseg_training.honesty import Alarms, Honesty, fit_honesty, halves_of
from rockseg_training.labels import Labels
from rockseg_training.not_core.kinds import KINDS
from rockseg_training.reference import REFERENCE


class ColourViews(Network):
    """Sees mean and deviation of each channel, and calls everything rock."""

    @property
    @override
    def device(self) -> str:
        return "cpu"

    @override
    def __call__(self, pixels: Sequence[Pixels]) -> Sequence[Logits]:
        logits = np.zeros((len(NULL_CLASSES), *pixels[0].shape[:2]), np.float32)
        logits[1] = 5
        return [logits.copy() for _ in pixels]

    @override
    def look(self, pixels: Sequence[Pixels], inside: Sequence[Inside]) -> tuple[Sequence[Logits], Sequence[Features]]:
        parts = [tile[i.top : i.bottom, i.left : i.right] for tile, i in zip(pixels, inside, strict=True)]
        views = [np.concatenate((part.mean(axis=(0, 1)), part.std(axis=(0, 1)))) for part in parts]
        return self(pixels), [view.astype(np.float32) for view in views]


class GreyPhoto:
    """An entry: one grey core on black."""

    def __init__(self, number: int) -> None:
        self.name, self.hole = f"grey/photo-{number}", f"hole {number}"
        self._number = number

    def labels(self) -> Labels:
        labels = np.zeros((300, 200), np.uint8)
        labels[:, 40:160] = 1
        return labels

    def read(self) -> Photo:
        rng = np.random.default_rng(self._number)
        grey = rng.normal(100 + 5 * self._number, 12, (300, 200, 1)).clip(0, 255).repeat(3, axis=2)
        return Photo(self.name, self.hole, (grey * (self.labels() > 0)[..., None]).astype(np.uint8), self.labels(), 120)


def photos(*numbers: int) -> Dataset:
    return Dataset(REFERENCE, tuple(GreyPhoto(number) for number in numbers))


@pytest.fixture(scope="module")
def honesty() -> Honesty:
    segmenter = TiledSegmenter(NULL_MANIFEST, NullSegmenter().ref, ColourViews())
    return fit_honesty(segmenter, photos(*range(8)), photos(8, 9), not_core_each=4, drawn=24, parts=6)


def test_statistics_and_thresholds_are_fitted_and_told_apart_from_what_they_are_judged_on(honesty: Honesty) -> None:
    assert honesty.familiarity.weights.shape == (6,)
    assert set(honesty.thresholds) == set(honesty.threshold_sources) == {"not_core", "unlike_training_data"}
    assert honesty.alarms.pictures["grey"] == 14  # two photos, whole and in six parts
    assert "drawn" in honesty.alarms.pictures


def test_each_kind_is_judged_once_by_a_head_that_was_not_given_it(honesty: Honesty) -> None:
    judged = [kind for half in honesty.halves for kind in half.kinds]
    assert sorted(judged) == sorted(KINDS)
    for half in honesty.halves:
        assert 0 <= half.auroc <= 1
        assert 0 <= half.flagged <= 1


def test_real_core_like_that_of_training_raises_few_alarms(honesty: Honesty) -> None:
    assert honesty.alarms.not_core["grey"] <= 0.1


def test_without_photos_drawn_cores_alone_are_fitted_on() -> None:
    segmenter = TiledSegmenter(NULL_MANIFEST, NullSegmenter().ref, ColourViews())
    fitted = fit_honesty(segmenter, None, None, not_core_each=2, drawn=24)
    assert list(fitted.alarms.pictures) == ["drawn"]


def test_halves_are_of_one_size_and_fixed_by_the_names() -> None:
    first, second = halves_of(tuple(KINDS))
    assert abs(len(first) - len(second)) <= 1
    assert halves_of(tuple(reversed(KINDS))) == (first, second)


def test_parts_of_a_photo_show_rock_and_are_the_same_each_time() -> None:
    once, again = (list(real_pictures(photos(3), 5)) for _ in range(2))
    assert len(once) == 6
    for one, other in zip(once, again, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert (one.pixels > 0).mean() > 0.25
        assert (one.source, one.group) == ("grey", "hole 3")


def test_drawn_pictures_show_rock_and_go_on_where_others_stopped() -> None:
    both = list(drawn_pictures(6, "train"))
    rest = list(drawn_pictures(3, "train", first=3))
    assert 1 <= len(rest) <= 3
    assert [picture.group for picture in both][-len(rest) :] == [picture.group for picture in rest]


def test_the_card_has_one_section_with_the_figures_before_what_not_to_use_it_for(honesty: Honesty) -> None:
    card = "# A model\n\nText.\n\n## What not to use it for\n\n- Nothing.\n"
    once = with_section(card, section(honesty))
    assert once.index(HEADING) < once.index("## What not to use it for")
    assert once.count(HEADING) == 1
    assert with_section(once, section(honesty)) == once
    assert "| grey | 14 |" in once
    assert re.search(
        r"head on [1-9]\d* drawn pictures of core and [1-9]\d* parts of real photos", " ".join(once.split())
    )
    assert "judged on the other half and on real core" in " ".join(once.split())
    assert worst_source(honesty.alarms, {"drawn": 1.0, "grey": 0.0}).endswith("(grey)")
    assert with_section("# Short\n", section(honesty)).startswith("# Short\n\n" + HEADING)
    drawn_alone = Alarms({DRAWN_SOURCE: 0.0}, {DRAWN_SOURCE: 0.0}, {DRAWN_SOURCE: 3})
    first, second = (dataclasses.replace(half, alarms=drawn_alone) for half in honesty.halves)
    assert "real core that" not in section(dataclasses.replace(honesty, halves=(first, second)))
