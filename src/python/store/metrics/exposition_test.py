"""The page, and what every shared metric owes its readers."""

import re

import pytest
from prometheus_client import REGISTRY, Counter, Gauge, Histogram

from store.metrics import database, dependencies, http, process, rpc, worker
from store.metrics.exposition import metrics_page

MODULES = (database, dependencies, http, process, rpc, worker)
Metric = Counter | Gauge | Histogram
# A metric without labels, or the parent of all that have them: neither is a child.
OURS = [
    each
    for module in MODULES
    for each in vars(module).values()
    if isinstance(each, Metric) and not each._labelvalues
]
LABELS = {
    *("method", "route", "status", "code", "dependency", "operation", "outcome"),
    *("worker", "kind", "version"),
}
"""Each has values that can be counted beforehand: no path, no id, no e-mail, no text of an error."""

UNITS = r"(seconds|bytes|total|info|size|in_use|in_flight|threads|open)"


def test_the_page_is_text_of_which_prometheus_is_told_the_kind() -> None:
    content_type, page = metrics_page(None)
    assert content_type.startswith("text/plain; version=")
    assert page.endswith(b"\n")
    assert metrics_page("application/openmetrics-text; version=1.0.0")[1].endswith(b"# EOF\n")


def test_the_process_is_on_the_page() -> None:
    page = metrics_page(None)[1].decode()
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"):
        assert f"\n{name} " in page


def test_nothing_is_said_twice_of_a_counter() -> None:
    database.UNAVAILABLE.inc(0)
    assert "_created" not in metrics_page(None)[1].decode()


@pytest.mark.parametrize("metric", OURS, ids=str)
def test_our_metrics_say_what_they_are_and_in_which_unit(metric: Metric) -> None:
    (family,) = metric.describe()
    name = family.name + "_total" if family.type == "counter" else family.name
    assert re.fullmatch(rf"[a-z]+(_[a-z]+)*_{UNITS}", name)
    assert family.documentation.endswith((".", ".)"))
    assert family.type != "histogram" or family.name.endswith("_seconds")


@pytest.mark.parametrize("metric", OURS, ids=str)
def test_no_label_has_an_end_of_values_that_nobody_knows(metric: Metric) -> None:
    assert set(metric._labelnames) <= LABELS


def test_every_shared_metric_is_looked_at_here() -> None:
    shared = ("http_", "rpc_", "dependency_", "worker_", "event_loop_", "build_", "database_")
    registered = {family.name for family in REGISTRY.collect() if family.name.startswith(shared)}
    assert registered == {family.name for metric in OURS for family in metric.describe()} - {
        "process_threads"
    }
