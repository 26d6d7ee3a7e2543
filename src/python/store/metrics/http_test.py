import logging
from collections.abc import Iterator

import pytest
from flask import Flask, Response, abort
from prometheus_client import REGISTRY

from store.metrics import exemplars
from store.metrics.exposition import metrics_page
from store.metrics.http import measure_http


def count(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_duration_seconds_count", labels) or 0.0


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("measured")
    measure_http(app)

    @app.get("/mugs/<name>")
    def mug(name: str) -> Response:
        if name == "none":
            abort(404)
        return Response(name)

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError

    logging.disable()
    yield app
    logging.disable(logging.NOTSET)


def test_requests_are_counted_by_route_and_not_by_path(app: Flask) -> None:
    before = count("GET", "/mugs/<name>", 200)
    for name in ("red", "blue", "green"):
        app.test_client().get(f"/mugs/{name}")
    app.test_client().get("/mugs/none")
    assert count("GET", "/mugs/<name>", 200) == before + 3
    assert count("GET", "/mugs/<name>", 404) >= 1
    assert count("GET", "/mugs/red", 200) == 0


def test_what_no_route_answers_and_strange_methods_are_counted_together(app: Flask) -> None:
    client = app.test_client()
    client.get("/one")
    client.get("/two")
    client.open("/mugs/red", method="BREW")
    assert count("GET", "unmatched", 404) >= 2
    assert count("other", "unmatched", 405) >= 1


def test_a_broken_view_is_counted_as_500(app: Flask) -> None:
    assert app.test_client().get("/broken").status_code == 500
    assert count("GET", "/broken", 500) >= 1


@pytest.fixture
def traced() -> Iterator[str]:
    before, trace = exemplars.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736"
    exemplars.set_source(lambda: trace)
    yield trace
    exemplars.set_source(before)


def test_a_request_leads_to_its_trace_in_open_metrics(app: Flask, traced: str) -> None:
    app.test_client().get("/mugs/traced")
    exemplar = f'# {{trace_id="{traced}"}}'
    lines = metrics_page("application/openmetrics-text; version=1.0.0")[1].decode().splitlines()
    (line,) = [line for line in lines if exemplar in line]
    assert line.startswith("http_request_duration_seconds_bucket{")
    assert exemplar not in metrics_page(None)[1].decode()


def test_two_apps_of_one_process_share_their_metrics(app: Flask) -> None:
    other = Flask("other")
    measure_http(other)
    before = count("GET", "unmatched", 404)
    other.test_client().get("/x")
    app.test_client().get("/x")
    assert count("GET", "unmatched", 404) == before + 2
