import pytest

from rockseg_core.domain.job import JobOptions
from rockseg_core.domain.option_bounds import OptionInvalidError, check_options


@pytest.mark.parametrize(
    "options",
    [
        JobOptions(),
        JobOptions(mask_weight=0),
        JobOptions(mask_weight=1, core_width_px=8),
        JobOptions(core_width_px=100_000),
        JobOptions(px_per_mm=3.2, core_mm=47.6),
    ],
)
def test_options_within_bounds_pass(options: JobOptions) -> None:
    check_options(options)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (JobOptions(mask_weight=float("nan")), "mask_weight"),
        (JobOptions(mask_weight=1.01), "mask_weight"),
        (JobOptions(core_width_px=float("nan")), "core_width_px"),
        (JobOptions(core_width_px=float("inf")), "core_width_px"),
        (JobOptions(core_width_px=7.9), "core_width_px"),
        (JobOptions(core_width_px=100_001), "core_width_px"),
        (JobOptions(px_per_mm=3), "core_mm"),
        (JobOptions(core_mm=50), "px_per_mm"),
        (JobOptions(px_per_mm=0.01, core_mm=5), "px_per_mm"),
        (JobOptions(px_per_mm=10_000, core_mm=1000), "px_per_mm"),
        (JobOptions(px_per_mm=-2, core_mm=47.6), "px_per_mm"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_by_its_name(options: JobOptions, field: str) -> None:
    with pytest.raises(OptionInvalidError, match=field) as caught:
        check_options(options)
    assert caught.value.field == field
