import re

import pytest
from prometheus_client import REGISTRY

from store.metrics import database, http, rpc
from store.metrics.exposition import metrics_page

OURS = [
    *(http.ANSWERED, http.CALLED, rpc.ANSWERED, rpc.CALLED),
    *(database.POOL_SIZE, database.POOL_IN_USE, database.POOL_WAIT_SECONDS, database.POOL_TIMEOUTS),
]


def test_the_page_is_text_of_which_prometheus_is_told_the_kind() -> None:
    content_type, page = metrics_page(None)
    assert content_type.startswith("text/plain; version=")
    assert page.endswith(b"\n")
    assert metrics_page("application/openmetrics-text; version=1.0.0")[1].endswith(b"# EOF\n")


def test_the_process_is_on_the_page() -> None:
    page = metrics_page(None)[1].decode()
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"):
        assert f"\n{name} " in page


@pytest.mark.parametrize("metric", OURS)
def test_our_metrics_say_what_they_are_and_in_which_unit(metric: object) -> None:
    (family,) = metric.describe()  # type: ignore[attr-defined]
    assert family.documentation.endswith(".")
    assert re.fullmatch(r"(http|rpc|database)_[a-z_]+", family.name)
    assert family.type != "histogram" or family.name.endswith("_seconds")
    assert REGISTRY.get_sample_value("process_start_time_seconds")
