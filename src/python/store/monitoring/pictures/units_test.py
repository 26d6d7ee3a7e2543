import math

import pytest

from store.monitoring.pictures.units import UnknownUnit, divisor, written


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.0432, "s", 1, "43.2 ms"),
        (0.00002, "s", 0, "20 µs"),
        (0, "s", 1, "0.0 s"),
        (90, "s", 1, "1.5 min"),
        (172_800, "s", None, "2 day"),
        (0.5, "percentunit", 2, "50.00%"),
        (3 * 2**20, "bytes", 1, "3.0 MiB"),
        (0, "bytes", None, "0 B"),
        (12.345, "reqps", 2, "12.35 req/s"),
        (12.3, "suffix: /min", 1, "12.3 /min"),
        (1_200_000, "suffix: /min", None, "1200000 /min"),
        (1_964_704, "short", 1, "2.0 Mil"),
        (-2_000, "short", 0, "-2 K"),
        (math.nan, "s", 1, "nan"),
    ],
)
def test_a_number_is_written_as_grafana_does(
    value: float, unit: str, decimals: int | None, text: str
) -> None:
    assert written(value, unit, decimals) == text


def test_a_unit_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownUnit, match="parsecs"):
        written(1, "parsecs")


def test_an_axis_knows_what_its_numbers_are_divided_by() -> None:
    assert (divisor(150, "s"), divisor(3e6, "bytes"), divisor(0.5, "percentunit")) == (60, 2**20, 1)
