"""Tests of `proof cost`, short: what it says about this machine is not judged here."""

import json
import os
from typing import Any

import pytest
from click.testing import CliRunner

from store.bench.command import cost
from store.bench.cpu import family
from store.bench.rounds import Cost, Range, Turn
from store.bench.variants import BARE, VARIANTS, WHOLE


@pytest.fixture(scope="module")
def report() -> Any:
    """What a very short run says; it leaves nothing behind."""
    processors, before = os.sched_getaffinity(0), family(os.getpid())
    result = CliRunner().invoke(cost, ["--rounds", "3", "--seconds", "0.1", "--json"])
    assert result.exit_code == 0, result.output
    assert family(os.getpid()) <= before
    assert os.sched_getaffinity(0) == processors
    return json.loads(result.stdout)


def test_every_variant_is_compared_with_the_bare_one(report: Any) -> None:
    assert [each["variant"]["name"] for each in report["costs"]] == [each.name for each in VARIANTS]
    assert set(report["costs"][0]["throughput"].values()) == {1.0}
    for each in report["costs"]:
        assert each["rate"]["least"] > 100
        assert each["cpu_micros"]["least"] <= 1e6 / each["rate"]["least"]


def test_to_trace_everything_costs_something(report: Any) -> None:
    used = {each["variant"]["name"]: each["cpu_micros"]["median"] for each in report["costs"]}
    assert used[BARE.name] < used[VARIANTS[-1].name]


def test_the_page_of_metrics_is_as_full_as_a_large_service_s(report: Any) -> None:
    page = report["scrape"]
    assert page["series"] > 2500
    assert page["size"] > 50 * page["series"]
    assert page["cpu_millis"]["median"] <= page["millis"]["most"]


def test_a_variant_is_held_against_the_bare_one_of_its_own_round() -> None:
    bare = [Turn(100, 1.0, 0.5), Turn(50, 1.0, 0.5), Turn(10, 1.0, 0.1)]
    half = [Turn(50, 1.0, 0.5), Turn(25, 1.0, 0.5), Turn(10, 1.0, 0.1)]
    found = Cost.of(WHOLE, half, bare)
    assert found.throughput == Range(0.5, 0.5, 1.0)
    assert found.cpu_share == Range(0.5, 0.5, 1.0)
    assert found.cpu_micros == Range(10_000.0, 10_000.0, 20_000.0)
