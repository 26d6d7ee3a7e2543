import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient
from marshmallow import fields, validate
from werkzeug.test import TestResponse

from store.server import context
from store.server.blueprint import Blueprint
from store.server.errors import Conflict, Invalid, TooManyRequests, Unauthenticated, Unavailable
from store.server.etags import tagged, wanted_version
from store.server.schemas import MoneySchema, PageArgs, Schema, Text, Whole
from store.server.web import create_app


class LineIn(Schema):
    sku = Text(required=True, max=64)
    quantity = Whole(required=True, min=1, max=10_000)


class BasketIn(Schema):
    name = Text(required=True, max=20)
    lines = fields.List(fields.Nested(LineIn), validate=validate.Length(max=3))
    price = fields.Nested(MoneySchema)
    labels = fields.Dict(keys=fields.String(), values=fields.String())


class SoldOut(Conflict):
    code = "sold_out"


ERRORS: dict[str, Exception] = {
    "conflict": SoldOut("Only 1 left.", sku="MUG", left=1, status="forged"),
    "busy": Unavailable("Too busy.", retry_after=0.2),
    "often": TooManyRequests("Too often.", retry_after=61.5),
    "who": Unauthenticated("Who are you?"),
    "field": Invalid("lines.0.sku", "Unknown SKU."),
    "bug": RuntimeError("password=hunter2"),
}


baskets = Blueprint("baskets", __name__, url_prefix="/v1")


@baskets.post("/baskets")
@baskets.arguments(BasketIn)
@baskets.response(201, BasketIn)
def fill(basket: dict[str, Any]) -> dict[str, Any]:
    """Fill a basket."""
    return basket


@baskets.get("/baskets")
@baskets.arguments(PageArgs, location="query")
def find(args: dict[str, Any]) -> dict[str, Any]:
    return args


@baskets.get("/baskets/<uuid:basket_id>")
@baskets.response(200, BasketIn)
def read(basket_id: UUID) -> tuple[dict[str, str], dict[str, str]]:
    return tagged({"name": str(basket_id)}, 4)


@baskets.patch("/baskets/<uuid:basket_id>")
def change(basket_id: UUID) -> dict[str, int]:
    return {"version": wanted_version()}


@baskets.get("/errors/<name>")
def fail(name: str) -> dict[str, str]:
    if name.isdigit():
        abort(int(name))
    raise ERRORS[name]


@baskets.post("/raw")
def raw() -> dict[str, int]:
    return {"length": len(request.get_data())}


@baskets.post("/form")
def form() -> dict[str, Any]:
    return request.form.to_dict()


@baskets.get("/text/<text>")
def echo(text: str) -> dict[str, Any]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return {"text": text, "q": request.args.get("q"), "at": at, "id": UUID(int=1)}


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app("shop", title="The shop", blueprints=[baskets], max_body_bytes=1000)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made
    context.request_id.set("")


def problem(response: TestResponse) -> tuple[int, str]:
    """Check that this is a problem document, and tell its status and code."""
    assert response.mimetype == "application/problem+json"
    document = json.loads(response.data)
    assert document["status"] == response.status_code
    assert document["instance"] == response.headers["X-Request-Id"]
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    return document["status"], document["code"]


def errors(response: TestResponse) -> dict[str, str]:
    assert problem(response) == (422, "invalid")
    return {error["field"]: error["reason"] for error in json.loads(response.data)["errors"]}


def post_json(client: FlaskClient, body: bytes | str) -> TestResponse:
    return client.post("/v1/baskets", data=body, content_type="application/json")


def test_a_good_body_is_loaded_and_dumped(client: FlaskClient) -> None:
    basket = {"name": "Ünï", "lines": [{"sku": "MUG", "quantity": 2}]}
    response = client.post("/v1/baskets", json=basket)
    assert (response.status_code, response.get_json()) == (201, basket)
    assert response.mimetype == "application/json"


def test_every_wrong_field_is_named(client: FlaskClient) -> None:
    body = {
        "lines": [{"sku": "MUG", "quantity": 1}, {"sku": 3, "quantity": True, "x": 1}],
        "price": {"amount": "5", "currency": "EUR"},
        "labels": {"a": 1},
        "note": "?",
    }
    assert errors(client.post("/v1/baskets", json=body)) == {
        "name": "Missing data for required field.",
        "lines.1.sku": "Not a valid string.",
        "lines.1.quantity": "Not a valid integer.",
        "lines.1.x": "Unknown field.",
        "price.amount": "Not a valid integer.",
        "labels.a.value": "Not a valid string.",
        "note": "Unknown field.",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 'a'}",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"\x00",
        b"\xef\xbb\xbf{}",
        b"[" * 5000 + b"]" * 5000,
    ],
)
def test_what_is_no_json_is_malformed(app: Flask, body: bytes) -> None:
    with app.test_client() as client:
        app.config["MAX_CONTENT_LENGTH"] = 100_000
        response = post_json(client, body)
        app.config["MAX_CONTENT_LENGTH"] = 1000
    assert problem(response) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"3", b'"a"', b"null", b"true"])
def test_json_that_is_no_object_is_invalid(client: FlaskClient, body: bytes) -> None:
    assert errors(post_json(client, body)) == {"body": "Must be an object."}


def test_no_body_is_an_empty_one(client: FlaskClient) -> None:
    assert errors(client.post("/v1/baskets")) == {"name": "Missing data for required field."}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_type_is_unsupported(client: FlaskClient, content_type: str) -> None:
    response = client.post("/v1/baskets", data=b'{"name": "a"}', content_type=content_type)
    assert problem(response) == (415, "unsupported_media_type")


def test_a_json_type_may_have_parameters_and_suffixes(client: FlaskClient) -> None:
    for content_type in ("application/json; charset=utf-8", "application/merge-patch+json"):
        response = client.post("/v1/baskets", data=b'{"name": "a"}', content_type=content_type)
        assert response.status_code == 201


@pytest.mark.parametrize("number", [2**63, 2**64, 10**40, -(2**63) - 1, "1e400", 0.5])
def test_huge_numbers_are_invalid_and_no_accident(client: FlaskClient, number: object) -> None:
    body = f'{{"name": "a", "lines": [{{"sku": "MUG", "quantity": {number}}}]}}'
    assert post_json(client, body).status_code in (400, 422)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "a\\u0000"}', "name"),
        ('{"name": "a", "labels": {"b": "\\u0000"}}', "labels.b"),
        ('{"name": "a", "labels": {"\\u0000": "b"}}', "labels"),
        ('{"name": "a", "lines": [{"sku": "\\u0000", "quantity": 1}]}', "lines.0.sku"),
        ('{"\\u0000": 1}', "body"),
    ],
)
def test_a_nul_byte_is_named_wherever_it_hides(client: FlaskClient, body: str, field: str) -> None:
    assert errors(post_json(client, body)) == {field: "Must not contain control characters."}


def test_a_body_over_the_limit_is_too_large(client: FlaskClient) -> None:
    assert problem(post_json(client, b" " * 1001)) == (413, "too_large")
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


def test_wrong_and_unknown_query_arguments_are_named(client: FlaskClient) -> None:
    assert errors(client.get("/v1/baskets?limit=many&sort=up")) == {
        "query.limit": "Not a valid integer.",
        "query.sort": "Unknown field.",
    }
    assert client.get("/v1/baskets?limit=5").get_json() == {"limit": 5, "cursor": None}


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


def test_unknown_addresses_and_methods_are_problems(client: FlaskClient) -> None:
    assert problem(client.get("/nowhere")) == (404, "not_found")
    assert problem(client.get("/v1/baskets/not-a-uuid")) == (404, "not_found")
    assert problem(client.get("/v1//baskets")) == (404, "not_found")
    assert problem(client.get("/v1/baskets/")) == (404, "not_found")
    response = client.delete("/v1/baskets")
    assert problem(response) == (405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 503])
def test_what_flask_aborts_with_is_a_problem(client: FlaskClient, status: int) -> None:
    assert problem(client.get(f"/v1/errors/{status}"))[0] == status


def test_an_error_of_the_shop_keeps_its_code_and_facts(client: FlaskClient) -> None:
    response = client.get("/v1/errors/conflict")
    assert problem(response) == (409, "sold_out")
    document = json.loads(response.data)
    assert (document["sku"], document["left"]) == ("MUG", 1)
    assert document["detail"] == "Only 1 left."
    assert errors(client.get("/v1/errors/field")) == {"lines.0.sku": "Unknown SKU."}


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
        client.get("/v1/text/secret?q=secret")
        client.get("/secret")
    seen, unmatched = (vars(record) for record in caplog.records)
    assert (seen["method"], seen["route"], seen["status"]) == ("GET", "/v1/text/<text>", 200)
    assert 0 < seen["duration_ms"] < 5000
    assert (unmatched["route"], unmatched["status"]) == ("unmatched", 404)
    assert "secret" not in caplog.text


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


def test_content_types_are_not_to_be_guessed(client: FlaskClient) -> None:
    for address in ("/nowhere", "/v1/baskets", "/docs"):
        assert client.get(address).headers["X-Content-Type-Options"] == "nosniff"


def test_a_view_may_take_a_larger_body(app: Flask) -> None:
    bulk = Blueprint("bulk", __name__)

    @bulk.post("/bulk")
    def load() -> Response:
        request.max_content_length = 5000
        return Response(str(len(request.get_data())))

    other = create_app("other", title="Other", blueprints=[bulk], max_body_bytes=10)
    assert other.test_client().post("/bulk", data=b"a" * 5000).text == "5000"
    assert problem(other.test_client().post("/bulk", data=b"a" * 5001)) == (413, "too_large")


def test_a_blueprint_can_serve_in_two_apps(app: Flask) -> None:
    again = create_app("again", title="The shop", blueprints=[baskets])
    first, second = (one.test_client().get("/openapi.json").get_json() for one in (app, again))
    assert first == second
