from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from store.server.grpc.testing import problem
from store.server.http.blueprint import Blueprint
from store.server.http.web import create_app
from store.server.telemetry import context

routes = Blueprint("routes", __name__, url_prefix="/v1")


@routes.post("/raw")
def raw() -> dict[str, int]:
    return {"length": len(request.get_data())}


@routes.post("/form")
def form() -> dict[str, Any]:
    return request.form.to_dict()


@routes.get("/text/<text>")
def echo(text: str) -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {"text": text, "q": request.args.get("q"), "at": at, "id": UUID(int=1)}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = create_app("shop", title="The shop", blueprints=[routes], max_body_bytes=1000)
    with app.test_client() as made:
        yield made
    context.request_id.set("")


def test_a_body_over_the_limit_is_too_large(client: FlaskClient) -> None:
    assert problem(client.post("/v1/raw", data=b" " * 1001)) == (413, "too_large")
    assert client.post("/v1/raw", data=b" " * 1000).get_json() == {"length": 1000}


@pytest.mark.parametrize("address", ["/v1/raw", "/v1/form"])
def test_a_chunked_body_over_the_limit_is_too_large(client: FlaskClient, address: str) -> None:
    def send(length: int) -> TestResponse:
        return client.post(
            address,
            input_stream=BytesIO(b"a" * length),
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"wsgi.input_terminated": True},
        )

    assert problem(send(1001)) == (413, "too_large")
    assert problem(send(5000)) == (413, "too_large")
    assert send(1000).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/text/a\0b", ""),
        ("/v1/text/\xff", ""),
        ("/nowhere\xc3(", ""),
        ("/v1/text/a", "q=%00"),
        ("/v1/text/a", "q=%ff"),
        ("/v1/text/a", "q=\xff"),
        ("/v1/text/a", "%80"),
    ],
)
def test_bad_text_in_the_address_is_refused(client: FlaskClient, path: str, query: str) -> None:
    # Past the client's own cleaning, as a server hands it over.
    raw = {"PATH_INFO": path, "QUERY_STRING": query}
    assert problem(client.get("/", environ_overrides=raw)) == (400, "bad_text")


def test_good_text_in_the_address_arrives(client: FlaskClient) -> None:
    response = client.get("/v1/text/K%C3%A4se?q=%F0%9F%A7%80+100%25")
    assert response.get_json() == {
        "text": "Käse",
        "q": "🧀 100%",
        "at": "2026-01-01T00:00:00+00:00",
        "id": "00000000-0000-0000-0000-000000000001",
    }


def test_a_view_may_take_a_larger_body() -> None:
    bulk = Blueprint("bulk", __name__)

    @bulk.post("/bulk")
    def load() -> Response:
        request.max_content_length = 5000
        return Response(str(len(request.get_data())))

    other = create_app("other", title="Other", blueprints=[bulk], max_body_bytes=10)
    assert other.test_client().post("/bulk", data=b"a" * 5000).text == "5000"
    assert problem(other.test_client().post("/bulk", data=b"a" * 5001)) == (413, "too_large")
