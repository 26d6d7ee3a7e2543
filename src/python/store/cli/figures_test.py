import math

import pytest

from store.cli.figures import percentile


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert percentile(range(1, 101), share) == value


def test_one_measurement_is_every_percentile() -> None:
    assert {percentile([7.0], share) for share in (0.5, 0.95, 1.0)} == {7.0}


def test_of_nothing_there_is_no_percentile() -> None:
    assert math.isnan(percentile([], 0.5))
