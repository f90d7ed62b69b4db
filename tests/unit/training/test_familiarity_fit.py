import numpy as np
import pytest

from rockseg_training.familiarity_fit import auroc, fit_familiarity, fit_head, fit_spread, threshold

RNG = np.random.default_rng(0)


def _core(count: int, features: int = 12) -> np.ndarray:
    """Correlated, of unlike scales, one feature dead."""
    views = RNG.normal(0, 1, (count, features)) * np.geomspace(0.01, 30, features) + 5
    views[:, 1] += 0.02 * views[:, -1]
    views[:, 2] = 7
    return views.astype(np.float32)


def test_a_head_tells_apart_what_one_feature_tells_apart() -> None:
    core, none = _core(400), _core(100)
    none[:, 5] += 4 * none[:, 5].std()
    familiarity = fit_familiarity(core, none)
    new_core, new_none = _core(200), _core(200)
    new_none[:, 5] += 4 * new_none[:, 5].std()
    scores = [np.array([familiarity.not_core(view) for view in views]) for views in (new_core, new_none)]
    assert auroc(*scores) > 0.97
    assert scores[0].mean() < 0.3
    assert scores[1].mean() > 0.7


def test_a_few_of_one_side_weigh_as_much_as_many_of_the_other() -> None:
    core, none = _core(900), _core(30)
    none[:, 5] += none[:, 5].std()
    weights, bias = fit_head(core, none)
    middle = (core.mean(axis=0) + none.mean(axis=0)) / 2
    assert abs(float(middle @ weights + bias)) < 0.3


def test_the_distance_of_what_was_seen_is_1_on_average_and_grows_across_its_correlations() -> None:
    core = _core(3000)
    familiarity = fit_familiarity(core, _core(50))
    distances = np.array([familiarity.distance(view) for view in core])
    assert np.sqrt((distances**2).mean()) == pytest.approx(1, abs=0.12)
    along, across = core.mean(axis=0), core.mean(axis=0)
    step = np.zeros(12, np.float32)
    step[-1], step[1] = 60, 0.02 * 60
    assert familiarity.distance(across - step * np.sign(np.arange(12) - 5.5)) > 1.2 * familiarity.distance(along + step)


def test_a_feature_that_never_varied_does_not_weigh_without_bound() -> None:
    core = _core(500)
    _, whitening = fit_spread(core)
    assert np.isfinite(whitening).all()
    assert np.abs(whitening[:, 2]).max() <= 230 / np.median(core.std(axis=0))


def test_a_threshold_lets_few_of_all_and_few_of_the_real_ones_pass() -> None:
    drawn, real = np.linspace(0, 0.5, 1000), np.linspace(0.3, 0.9, 100)
    found = threshold(np.concatenate((drawn, real)), np.arange(1100) >= 1000, 0.05)
    assert (real > found).mean() <= 0.02
    assert threshold(drawn, np.zeros(1000, bool), 0.02) == pytest.approx(0.49, abs=0.001)


def test_auroc_counts_pairs_and_halves_ties() -> None:
    assert auroc(np.array([0.1, 0.2]), np.array([0.3, 0.4])) == 1
    assert auroc(np.array([0.1, 0.4]), np.array([0.1, 0.4])) == 0.5
    assert auroc(np.array([0.3]), np.array([0.1, 0.2])) == 0
