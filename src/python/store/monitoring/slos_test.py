from pathlib import Path

import pytest
import yaml

from store.monitoring.slos import BURNS, RULES, SLOS, WINDOWS, as_yaml, write


def test_the_file_is_what_the_table_makes() -> None:
    assert (RULES / "slos.yaml").read_text() == as_yaml(), "run: python -m store.monitoring.slos"


def test_it_is_written_into_a_folder_of_rules(tmp_path: Path) -> None:
    write(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["slos.yaml"]
    groups = yaml.safe_load((tmp_path / "slos.yaml").read_text())["groups"]
    assert len(groups) == len(SLOS)


@pytest.mark.parametrize(("severity", "share"), [("page", {2, 5}), ("ticket", {10})])
def test_a_burn_uses_up_the_share_of_the_budget_that_the_workbook_says(
    severity: str, share: set[int]
) -> None:
    hours = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
    month = 30 * 24
    used = {round(100 * float(each.factor) * hours[each.long] / month) for each in BURNS[severity]}
    assert used == share


def test_the_short_window_of_a_burn_is_a_twelfth_of_the_long_one() -> None:
    minutes = {"5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1440, "3d": 4320}
    for burn in (each for burns in BURNS.values() for each in burns):
        assert minutes[burn.long] == 12 * minutes[burn.short]
        assert {burn.long, burn.short} < set(WINDOWS)


def test_buying_and_browsing_are_promised_the_same_kinds_of_things() -> None:
    assert [(slo.wrong, slo.budget) for slo in SLOS] == [
        ("browse_errors", "0.001"),
        ("browse_slow", "0.01"),
        ("checkout_errors", "0.001"),
        ("checkout_slow", "0.01"),
    ]
