import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from marshmallow import fields, validate
from werkzeug.test import TestResponse

from store.server.grpc.testing import invalid_fields, problem
from store.server.http.blueprint import Blueprint
from store.server.http.schemas import MoneySchema, PageArgs, Schema, Text, Whole
from store.server.http.web import create_app
from store.server.telemetry import context


class LineIn(Schema):
    sku = Text(required=True, max=64)
    quantity = Whole(required=True, min=1, max=10_000)


class BasketIn(Schema):
    name = Text(required=True, max=20)
    lines = fields.List(fields.Nested(LineIn), validate=validate.Length(max=3))
    price = fields.Nested(MoneySchema)
    labels = fields.Dict(keys=fields.String(), values=fields.String())


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


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = create_app("shop", title="The shop", blueprints=[baskets])
    with app.test_client() as made:
        yield made
    context.request_id.set("")


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
    assert invalid_fields(client.post("/v1/baskets", json=body)) == {
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
def test_what_is_no_json_is_malformed(client: FlaskClient, body: bytes) -> None:
    assert problem(post_json(client, body)) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"3", b'"a"', b"null", b"true"])
def test_json_that_is_no_object_is_invalid(client: FlaskClient, body: bytes) -> None:
    assert invalid_fields(post_json(client, body)) == {"body": "Must be an object."}


def test_no_body_is_an_empty_one(client: FlaskClient) -> None:
    assert invalid_fields(client.post("/v1/baskets")) == {
        "name": "Missing data for required field."
    }


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
    assert invalid_fields(post_json(client, body)) == {
        field: "Must not contain control characters."
    }


def test_wrong_and_unknown_query_arguments_are_named(client: FlaskClient) -> None:
    assert invalid_fields(client.get("/v1/baskets?limit=many&sort=up")) == {
        "query.limit": "Not a valid integer.",
        "query.sort": "Unknown field.",
    }
    assert client.get("/v1/baskets?limit=5").get_json() == {"limit": 5, "cursor": None}


def test_deep_nesting_is_no_accident(client: FlaskClient) -> None:
    deep = '{"a":' * 1000 + '"\\u0000"' + "}" * 1000
    (field,) = invalid_fields(post_json(client, deep))
    assert field == ".".join("a" * 1000)
    assert problem(post_json(client, deep.replace("\\u0000", "b"))) == (422, "invalid")


def test_a_long_name_over_many_values_costs_no_memory(client: FlaskClient) -> None:
    wide = '{"' + "a" * 400_000 + '": [' + "0," * 20_000 + '"\\u0000"]}'
    tracemalloc.start()
    (field,) = invalid_fields(post_json(client, wide))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert field.endswith("a.20000")
    assert most < 50_000_000


def test_a_thousand_wrong_values_are_a_hundred_errors(client: FlaskClient) -> None:
    body = {"name": "a", "labels": {str(number): number for number in range(1000)}}
    assert len(invalid_fields(client.post("/v1/baskets", json=body))) == 100
