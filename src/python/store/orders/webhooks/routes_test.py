"""Who may do what with endpoints, and that the OpenAPI document tells the truth about it."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.auth.callers import Caller
from store.orders.conftest import Buy
from store.orders.webhooks.conftest import Ask, Create
from store.orders.webhooks.event_types import EVENT_TYPES
from store.server.ids import new_id

BASE = "/v1/webhook-endpoints"
ID = str(new_id())
FOR_ADMINS = {
    ("POST", ""),
    ("PATCH", f"/{ID}"),
    ("DELETE", f"/{ID}"),
    ("POST", f"/{ID}/secret"),
}
FOR_STAFF = {
    ("GET", ""),
    ("GET", f"/{ID}"),
    ("POST", f"/{ID}/test"),
    ("GET", f"/{ID}/deliveries"),
    ("POST", f"/{ID}/deliveries/1/redeliver"),
    ("POST", f"/{ID}/redeliver"),
}
ALL = sorted(FOR_ADMINS | FOR_STAFF)


@pytest.fixture
def document(client: FlaskClient) -> Any:
    return client.get("/openapi.json").json


def operation(document: Any, method: str, path: str) -> Any:
    path = re.sub(r"/1/", "/{event_id}/", path.replace(ID, "{endpoint_id}"))
    return document["paths"][f"{BASE}{path}"][method.lower()]


@pytest.mark.parametrize(("method", "path"), ALL)
def test_customers_and_strangers_have_no_business_here(
    client: FlaskClient, ask: Ask, buyer: Caller, method: str, path: str
) -> None:
    assert client.open(f"{BASE}{path}", method=method).status_code == 401
    assert ask(method, path, {}, who=buyer).status_code == 403


@pytest.mark.parametrize(("method", "path"), ALL)
def test_clerks_look_and_redeliver_and_change_nothing(
    ask: Ask, clerk: Caller, method: str, path: str
) -> None:
    status = ask(method, path, who=clerk).status_code
    assert (status == 403) is ((method, path) in FOR_ADMINS)


def test_these_are_all_routes_of_endpoints(document: Any) -> None:
    found = {
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(BASE) and method != "parameters"
    }
    assert len(found) == len(ALL)
    for method, path in ALL:
        said = operation(document, method, path)
        assert said["summary"] or said["description"]
        assert said["security"] == [{"bearer": []}]
        assert {"401", "403", "default"} <= said["responses"].keys()


@pytest.mark.parametrize(
    ("method", "path", "header"),
    [
        ("POST", "", "Idempotency-Key"),
        ("POST", f"/{ID}/secret", "Idempotency-Key"),
        ("PATCH", f"/{ID}", "If-Match"),
        ("DELETE", f"/{ID}", "If-Match"),
    ],
)
def test_needed_headers_are_documented(document: Any, method: str, path: str, header: str) -> None:
    parameters = operation(document, method, path)["parameters"]
    needed = [each["name"] for each in parameters if each["in"] == "header" and each["required"]]
    assert needed == [header]


TYPES: dict[type, str] = {
    type(None): "null",
    str: "string",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}


def check(document: Any, schema: Any, found: Any) -> None:
    """Assert that an answer has exactly the members that are promised, of the promised types."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    promised = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert TYPES[type(found)] in promised
    assert found in schema.get("enum", [found])
    if isinstance(found, dict):
        assert found.keys() == schema["properties"].keys() == set(schema["required"])
        for member, value in found.items():
            check(document, schema["properties"][member], value)
    if isinstance(found, list):
        for value in found:
            check(document, schema["items"], value)


def test_answers_are_what_the_document_says(
    document: Any, ask: Ask, create: Create, buy: Buy
) -> None:
    made = create(event_types=["order.*"], description="warehouse")
    buy()
    event_id = ask("GET", f"/{made['id']}/deliveries").json["items"][0]["event_id"]
    calls: list[tuple[str, str, Any]] = [
        ("POST", "", {"url": "https://shop.example/hooks"}),
        ("GET", "", None),
        ("GET", f"/{ID}", None),
        ("PATCH", f"/{ID}", {"state": "paused"}),
        ("POST", f"/{ID}/secret", None),
        ("GET", f"/{ID}/deliveries", None),
        ("POST", f"/{ID}/deliveries/1/redeliver", None),
        ("POST", f"/{ID}/redeliver", {"state": "dead"}),
    ]
    for method, path, body in calls:
        asked = path.replace("/1/", f"/{event_id}/").replace(ID, made["id"])
        answer = ask(method, asked, body, If_Match='"v1"')
        said = operation(document, method, path)["responses"][str(answer.status_code)]
        check(document, said["content"]["application/json"]["schema"], answer.json)


def test_every_reference_leads_somewhere(document: Any, client: FlaskClient) -> None:
    references = set(re.findall(r'"#/components/([^"]+)"', client.get("/openapi.json").text))
    assert "schemas/EndpointWithSecretOut" in references
    for reference in references:
        kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_the_guide_stands_above_the_routes(document: Any) -> None:
    guide = next(tag["description"] for tag in document["tags"] if tag["name"] == "webhooks")
    for name, meaning in EVENT_TYPES.items():
        assert f"| `{name}` | {meaning} |" in guide
    for word in ("webhook-id", "webhook-timestamp", "webhook-signature", "whsec_", "dead"):
        assert word in guide


def test_the_document_lists_the_types_one_can_listen_to(document: Any) -> None:
    wanted = document["components"]["schemas"]["EndpointIn"]["properties"]["event_types"]
    assert set(wanted["items"]["enum"]) == {*EVENT_TYPES, "order.*", "payment.*", "refund.*"}
