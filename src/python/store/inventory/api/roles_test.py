"""Who may ask what: one row for each route of the catalogue."""

import pytest
from flask.testing import FlaskClient

from store.server.ids import new_id

Headers = dict[str, str]
ID = new_id()

FOR_ANYBODY = [
    ("GET", "/v1/products"),
    ("GET", f"/v1/products/{ID}"),
    ("GET", "/v1/variants/NO-SUCH"),
    ("GET", "/v1/categories"),
    ("GET", f"/v1/categories/{ID}"),
]
FOR_STAFF = [
    ("POST", "/v1/products"),
    ("PATCH", f"/v1/products/{ID}"),
    ("DELETE", f"/v1/products/{ID}"),
    ("POST", f"/v1/products/{ID}/variants"),
    ("PATCH", "/v1/variants/NO-SUCH"),
    ("DELETE", "/v1/variants/NO-SUCH"),
    ("GET", "/v1/variants/NO-SUCH/prices"),
    ("POST", "/v1/variants/NO-SUCH/prices"),
    ("GET", f"/v1/prices/{ID}"),
    ("PATCH", f"/v1/prices/{ID}"),
    ("DELETE", f"/v1/prices/{ID}"),
    ("POST", "/v1/categories"),
    ("PATCH", f"/v1/categories/{ID}"),
    ("DELETE", f"/v1/categories/{ID}"),
    ("POST", "/v1/imports"),
]


@pytest.mark.parametrize(("method", "path"), FOR_STAFF)
def test_what_is_for_staff_is_for_nobody_else(
    client: FlaskClient, staff: Headers, customer: Headers, method: str, path: str
) -> None:
    assert client.open(path, method=method).status_code == 401
    assert client.open(path, method=method, headers=customer).status_code == 403
    assert client.open(path, method=method, headers=staff).status_code in (200, 404, 422, 428)


@pytest.mark.parametrize(("method", "path"), FOR_ANYBODY)
def test_what_is_for_anybody_needs_no_token_but_refuses_a_bad_one(
    client: FlaskClient, customer: Headers, method: str, path: str
) -> None:
    assert client.open(path, method=method).status_code in (200, 404)
    assert client.open(path, method=method, headers=customer).status_code in (200, 404)
    bad = {"Authorization": "Bearer nonsense"}
    assert client.open(path, method=method, headers=bad).status_code == 401


def test_these_are_all_routes_of_the_catalogue(client: FlaskClient) -> None:
    adapter = client.application.url_map.bind("localhost")
    known = {(method, adapter.match(path, method)[0]) for method, path in FOR_ANYBODY + FOR_STAFF}
    parts = ("products.", "prices.", "categories.", "imports.")
    routes = {
        (method, rule.endpoint)
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint.startswith(parts) and method not in ("HEAD", "OPTIONS")
    }
    assert known == routes
