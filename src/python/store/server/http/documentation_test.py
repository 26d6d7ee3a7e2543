import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from store.server.http.blueprint import Blueprint
from store.server.http.schemas import MoneySchema, PageArgs, page_schema
from store.server.http.web import create_app


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    prices = Blueprint("prices", __name__, url_prefix="/v1", description="What things cost")

    @prices.get("/prices")
    @prices.arguments(PageArgs, location="query")
    @prices.response(200, page_schema(MoneySchema))
    def find(args: dict[str, Any]) -> None:
        """List prices."""

    @prices.put("/prices/<uuid:price_id>")
    @prices.arguments(MoneySchema)
    @prices.response(200, MoneySchema)
    def change(price: dict[str, Any], price_id: UUID) -> None:
        """Change a price."""

    app = create_app("prices", title="Prices <&>", blueprints=[prices])
    return app.test_client()


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> Any:
    return client.get("/openapi.json").get_json()


def test_the_document_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "Prices <&>", "version": "v1"}
    assert document["paths"]["/v1/prices"]["get"]["summary"] == "List prices."
    parameters = document["paths"]["/v1/prices"]["get"]["parameters"]
    limit = next(one for one in parameters if one["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}


def test_every_answer_but_the_good_one_is_a_problem(document: Any) -> None:
    answers = document["components"]["responses"]
    assert answers.keys() == {"DEFAULT_ERROR", "UNPROCESSABLE_ENTITY"}
    for answer in answers.values():
        schema = {"$ref": "#/components/schemas/Problem"}
        assert answer["content"] == {"application/problem+json": {"schema": schema}}
    used = document["paths"]["/v1/prices/{price_id}"]["put"]["responses"]
    assert used["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}
    assert used["422"] == {"$ref": "#/components/responses/UNPROCESSABLE_ENTITY"}


def test_nothing_is_described_that_nobody_uses(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas.keys() == {"FieldError", "Problem", "Money", "MoneyPage"}


def test_every_reference_leads_somewhere(document: Any, client: FlaskClient) -> None:
    for reference in re.findall(r'"#/components/([^"]+)"', client.get("/openapi.json").text):
        kind, name = reference.split("/")
        assert name in document["components"][kind]


def test_the_docs_page_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.mimetype == "text/html"
    assert "<title>Prices &lt;&amp;&gt;</title>" in page.text
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        assert link.startswith("/docs/")
        with client.get(link) as asset:
            assert asset.status_code == 200


def test_the_docs_page_runs_under_a_strict_policy(client: FlaskClient) -> None:
    page = client.get("/docs")
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src"):
        assert policy[kind] == "'self'"
    # Nothing inline: the policy would not run it.
    assert (
        re.findall(r"<script(?![^>]*\ssrc=)|\son\w+=|javascript:|<style|\sstyle=", page.text) == []
    )
    start = client.get("/docs/start.js")
    assert start.mimetype == "text/javascript"
    assert '"/openapi.json"' in start.text


@pytest.mark.parametrize("name", ["../web.py", "%2e%2e/web.py", "nothing.js", "/etc/passwd"])
def test_the_docs_give_out_nothing_but_assets(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code in (404,)


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "image/png"])
def test_the_root_tells_programs_where_the_documentation_is(
    client: FlaskClient, accept: str | None
) -> None:
    answer = client.get("/", headers={"Accept": accept} if accept else {})
    assert answer.get_json() == {
        "service": "prices",
        "title": "Prices <&>",
        "version": "dev",
        "docs": "/docs",
        "openapi": "/openapi.json",
    }
    for link in ("docs", "openapi"):
        assert client.get(answer.get_json()[link]).status_code == 200


def test_the_root_shows_people_where_the_documentation_is(client: FlaskClient) -> None:
    page = client.get("/", headers=BROWSER)
    assert page.mimetype == "text/html"
    assert "<title>Prices &lt;&amp;&gt;</title>" in page.text
    assert re.findall(r'href="([^"]+)"', page.text) == ["/docs", "/openapi.json"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_root_may_be_kept_for_a_while(client: FlaskClient) -> None:
    answer, page = client.get("/"), client.get("/", headers=BROWSER)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Vary"] == "Accept"
    assert answer.headers["ETag"] != page.headers["ETag"]
    again = client.get("/", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.post("/").status_code == 405


def test_the_root_names_the_version_of_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION", "1.2.3")
    app = create_app("prices", title="Prices", blueprints=[], about="<p>What things cost.</p>")
    client = app.test_client()
    assert client.get("/").get_json()["version"] == "1.2.3"
    assert "<p>What things cost.</p>\n<p>Version 1.2.3." in client.get("/", headers=BROWSER).text
