from collections.abc import Iterator

import pytest
from prometheus_client import Histogram
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import CollectorRegistry

from store.metrics import exemplars
from store.metrics.exemplars import exemplar, set_source

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def traced() -> Iterator[None]:
    before = exemplars.trace_id
    set_source(lambda: TRACE)
    yield
    set_source(before)


def test_without_a_trace_there_is_no_exemplar() -> None:
    assert exemplar() is None


@pytest.mark.usefixtures("traced")
def test_a_slow_bar_leads_to_a_trace() -> None:
    registry = CollectorRegistry()
    seconds = Histogram("wait_seconds", "Waits.", registry=registry, buckets=(1, 5))
    seconds.observe(3, exemplar())
    page = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    assert f'wait_seconds_bucket{{le="5.0"}} 1.0 # {{trace_id="{TRACE}"}} 3.0 ' in page
