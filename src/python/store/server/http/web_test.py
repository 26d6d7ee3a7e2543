import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.server.grpc.testing import problem
from store.server.http.blueprint import Blueprint
from store.server.http.etags import tagged, wanted_version
from store.server.http.schemas import Schema, Text
from store.server.http.web import create_app
from store.server.telemetry import context


class BasketOut(Schema):
    name = Text()


baskets = Blueprint("baskets", __name__, url_prefix="/v1")


@baskets.get("/baskets/<uuid:basket_id>")
@baskets.response(200, BasketOut)
def read(basket_id: UUID) -> tuple[dict[str, str], dict[str, str]]:
    return tagged({"name": str(basket_id)}, 4)


@baskets.patch("/baskets/<uuid:basket_id>")
def change(basket_id: UUID) -> dict[str, int]:
    return {"version": wanted_version()}


@baskets.get("/baskets/named/<name>")
def search(name: str) -> dict[str, str]:
    return {"name": name}


@baskets.get("/orders/<uuid:order_id>")
def order(order_id: UUID) -> dict[str, str]:
    return {"id": str(order_id)}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app("shop", title="The shop", blueprints=[baskets])


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made
    context.request_id.set("")


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert problem(client.get("/nowhere")) == (404, "not_found")
    assert problem(client.get("/v1/baskets/not-a-uuid")) == (404, "not_found")
    assert problem(client.get("/v1//baskets/named/x")) == (404, "not_found")
    assert problem(client.get("/v1/baskets/named/x/")) == (404, "not_found")
    response = client.delete("/v1/baskets/named/x")
    assert problem(response) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


def test_the_request_id_is_kept_if_sane_and_made_if_not(client: FlaskClient) -> None:
    def answered(offered: str) -> str:
        return client.get("/nowhere", headers={"X-Request-Id": offered}).headers["X-Request-Id"]

    assert answered("order-7") == "order-7"
    assert len(answered("no good")) == 32
    assert len(answered("x" * 65)) == 32


def test_one_line_is_logged_for_each_request(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "store.access"):
        client.get("/v1/baskets/named/secret?q=secret")
        client.get("/secret")
    seen, unmatched = (vars(record) for record in caplog.records)
    assert (seen["method"], seen["route"], seen["status"]) == (
        "GET",
        "/v1/baskets/named/<name>",
        200,
    )
    assert 0 < seen["duration_ms"] < 5000
    assert (unmatched["route"], unmatched["status"]) == ("unmatched", 404)
    assert "secret" not in caplog.text


def test_the_line_names_the_order_of_the_address(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "store.access"):
        client.get(f"/v1/orders/{UUID(int=7)}")
    (seen,) = (vars(record) for record in caplog.records)
    assert (seen["route"], seen["order_id"]) == ("/v1/orders/<uuid:order_id>", str(UUID(int=7)))


def test_etags_guard_changes(client: FlaskClient) -> None:
    address = f"/v1/baskets/{UUID(int=7)}"
    tag = client.get(address).headers["ETag"]
    assert tag == '"v4"'
    assert client.patch(address, headers={"If-Match": tag}).get_json() == {"version": 4}
    assert problem(client.patch(address)) == (428, "if_match_required")
    for stale in ('"4"', "v4", "*", 'W/"v4"', '"v4", "v5"', '"v' + "9" * 30 + '"', ""):
        response = client.patch(address, headers={"If-Match": stale})
        assert problem(response) == (412, "stale_version")


def test_what_the_caller_has_already_is_not_sent_again(client: FlaskClient) -> None:
    address = f"/v1/baskets/{UUID(int=7)}"
    response = client.get(address, headers={"If-None-Match": '"v4"'})
    assert (response.status_code, response.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"v3"'}).status_code == 200


def test_a_blueprint_can_serve_in_two_apps(app: Flask) -> None:
    again = create_app("again", title="The shop", blueprints=[baskets])
    first, second = (one.test_client().get("/openapi.json").get_json() for one in (app, again))
    assert first == second
