from collections.abc import Iterator

import pytest
from flask import abort
from flask.testing import FlaskClient

from store.server.errors import Conflict, Invalid, TooManyRequests, Unauthenticated, Unavailable
from store.server.grpc.testing import invalid_fields, problem
from store.server.http.blueprint import Blueprint
from store.server.http.web import create_app
from store.server.telemetry import context


class SoldOut(Conflict):
    code = "sold_out"


ERRORS: dict[str, Exception] = {
    "conflict": SoldOut("Only 1 left.", sku="MUG", left=1, status="forged"),
    "busy": Unavailable("Too busy.", retry_after=0.2),
    "often": TooManyRequests("Too often.", retry_after=61.5),
    "who": Unauthenticated("Who are you?"),
    "field": Invalid("lines.0.sku", "Unknown SKU."),
    "secret": SoldOut("None of sk_live_0123 left.", sku="4242-4242-4242-4242"),
    "bug": RuntimeError("password=hunter2"),
}
routes = Blueprint("routes", __name__, url_prefix="/v1")


@routes.get("/errors/<name>")
def fail(name: str) -> dict[str, str]:
    if name.isdigit():
        abort(int(name))
    raise ERRORS[name]


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = create_app("shop", title="The shop", blueprints=[routes])
    with app.test_client() as made:
        yield made
    context.request_id.set("")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 503])
def test_what_flask_aborts_with_is_a_problem(client: FlaskClient, status: int) -> None:
    assert problem(client.get(f"/v1/errors/{status}"))[0] == status


def test_an_error_of_the_shop_keeps_its_code_and_facts(client: FlaskClient) -> None:
    response = client.get("/v1/errors/conflict")
    assert problem(response) == (409, "sold_out")
    document = response.get_json(force=True)
    assert (document["sku"], document["left"]) == ("MUG", 1)
    assert document["detail"] == "Only 1 left."
    assert invalid_fields(client.get("/v1/errors/field")) == {"lines.0.sku": "Unknown SKU."}


def test_a_secret_that_was_sent_is_not_quoted(client: FlaskClient) -> None:
    document = client.get("/v1/errors/secret").get_json(force=True)
    assert (document["sku"], document["detail"]) == ("***", "None of sk_*** left.")


def test_when_to_come_back_is_a_header(client: FlaskClient) -> None:
    assert client.get("/v1/errors/busy").headers["Retry-After"] == "1"
    assert client.get("/v1/errors/often").headers["Retry-After"] == "62"


def test_who_is_unknown_is_told_how_to_say_it(client: FlaskClient) -> None:
    assert client.get("/v1/errors/who").headers["WWW-Authenticate"] == "Bearer"


def test_an_unexpected_error_tells_the_log_and_nobody_else(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/v1/errors/bug")
    assert problem(response) == (500, "internal")
    assert "hunter2" not in response.text
    assert "RuntimeError" in caplog.text
    assert "Traceback" in caplog.text
