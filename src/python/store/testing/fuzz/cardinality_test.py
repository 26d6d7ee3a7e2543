"""However strangely a store is asked: its metrics stay few, and quote nobody."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

import pytest

from store.chaos.own_store import OwnStore
from store.devstack.output import Output
from store.devstack.ports import HOST, Ports, free_base
from store.testing.folders import short_folder
from store.testing.fuzz.fuzzer import FuzzResult, fuzz
from store.testing.fuzz.pages import Series, leaks, page, samples

MAX_SERIES = {
    # Measured after three fuzzings, and up to half as many again: what grows is routes x methods x statuses that
    # occur, at 14 lines each. All of a store's processes together stay under 15,000.
    "users": 2_400,
    "inventory": 3_200,
    "orders": 3_400,
    "gateway": 1_700,
    "inventory-rpc": 1_000,
    "orders-work": 1_400,
}
MAX_GROWTH = 1.2  # by a second fuzzing: statuses that chance had spared a route the first time
MAX_MEMORY = 1.3
NAMES = {
    *("code", "currency", "decline_code", "dependency", "kind", "le", "method", "operation"),
    *("outcome", "reason", "route", "state", "status", "step", "type", "version", "what", "worker"),
}
OF_THE_LIBRARY = {
    "implementation",
    "major",
    "minor",
    "patchlevel",
    "generation",
}  # of Python itself


@dataclass(frozen=True)
class MetricPages:
    """The pages of all processes before anything was asked, after a fuzzing, and after another."""

    pages: tuple[Mapping[str, Mapping[Series, float]], ...]
    results: tuple[FuzzResult, ...]

    def series(self, process: str, after: int) -> Set[Series]:
        return self.pages[after][process].keys()


@pytest.fixture(scope="module")
def metrics() -> Iterator[MetricPages]:
    """All of it, from a store that has ended by now."""
    with short_folder() as folder:
        ports = Ports(free_base())
        with OwnStore(folder / "own", ports.base, apis=1, workers=1, output=Output()) as store:
            pages, results = [_pages(ports)], []
            for number in (1, 2):
                results.append(fuzz(store, number))
                pages.append(_pages(ports))
        yield MetricPages(tuple(pages), tuple(results))


def _pages(ports: Ports) -> Mapping[str, Mapping[Series, float]]:
    return {name: samples(page(f"http://{HOST}:{ports.ops(name)}")) for name in ports.processes}


PROCESSES = sorted(MAX_SERIES)


def test_nothing_that_anybody_asked_was_answered_by_a_fault_of_our_own(
    metrics: MetricPages,
) -> None:
    faults = [fault for result in metrics.results for fault in result.faults]
    assert not faults, "\n".join(faults[:20])


def test_the_fuzzing_reached_what_it_was_meant_to_reach(metrics: MetricPages) -> None:
    for result in metrics.results:
        assert {each.service for each in result.answers} == {
            *("users", "inventory", "orders", "gateway"),
        }
        statuses = {each.status for each in result.answers}
        assert statuses >= {200, 201, 204, 400, 401, 403, 404, 405, 412, 414, 422, 428}
        assert len(result.answers) > 2000
        assert len(result.sent) > 800


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_has_no_more_series_than_stated(metrics: MetricPages, process: str) -> None:
    assert 80 < len(metrics.series(process, after=2)) <= MAX_SERIES[process]


@pytest.mark.parametrize("process", PROCESSES)
def test_no_label_quotes_what_was_asked(metrics: MetricPages, process: str) -> None:
    sent = set().union(*(result.sent for result in metrics.results))
    assert list(leaks(metrics.series(process, after=2), sent)) == []


@pytest.mark.parametrize("process", PROCESSES)
def test_no_label_is_new(metrics: MetricPages, process: str) -> None:
    names = {name for each in metrics.series(process, after=2) for name, _ in each.labels}
    assert names <= NAMES | OF_THE_LIBRARY


@pytest.mark.parametrize("process", PROCESSES)
def test_other_words_make_no_other_series(metrics: MetricPages, process: str) -> None:
    first, second = metrics.series(process, after=1), metrics.series(process, after=2)
    assert first <= second
    assert len(second) <= len(first) * MAX_GROWTH
    assert _values(second) - _values(first) <= {("status", str(code)) for code in range(200, 500)}


def _values(series: Set[Series]) -> Set[tuple[str, str]]:
    return {label for each in series for label in each.labels if label[0] != "code"}


@pytest.mark.parametrize("process", PROCESSES)
def test_memory_does_not_grow_with_the_requests(metrics: MetricPages, process: str) -> None:
    memory = Series("process_resident_memory_bytes", ())
    first, second = (metrics.pages[after][process][memory] for after in (1, 2))
    assert second < first * MAX_MEMORY


@pytest.mark.parametrize(
    "value",
    [
        "/v1/orders/0198c0de-0000-7000-8000-0123456789ab",
        "sam@example.com",
        "/v1/variants/SKU-ZQ1234",
        "/v1/products?q=mug",
        "/v1/orders/123456",
    ],
)
def test_a_label_that_quotes_is_found(value: str) -> None:
    series = [Series("http_requests", (("route", value),)), Series("up", (("route", "/v1/a"),))]
    assert list(leaks(series, ["zq1234"])) == [value]
