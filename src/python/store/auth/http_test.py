import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.auth.callers import Caller, Role
from store.auth.http import current_caller, guard, login_required, role_required
from store.auth.testing import Signer
from store.server.http.blueprint import Blueprint
from store.server.http.schemas import Schema, Text
from store.server.http.web import create_app
from store.server.ids import new_id

CUSTOMER, STAFF, ADMIN = (Caller(new_id(), role) for role in Role)


class Thing(Schema):
    name = Text(required=True)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def app(signer: Signer) -> Flask:
    things = Blueprint("things", __name__)

    @things.post("/mine")
    @login_required
    @things.arguments(Thing)
    @things.response(201, Thing)
    def make(sent: dict[str, str]) -> dict[str, str]:
        """Make a thing."""
        return {"name": f"{sent['name']} of {current_caller().id}"}

    @things.get("/staff")
    @role_required(Role.STAFF)
    @things.response(200, Thing)
    def staff() -> dict[str, str]:
        return {"name": current_caller().role.value}

    made = create_app("auth-test", title="Auth", blueprints=[things])
    guard(made, signer.verifier())
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_route_knows_its_caller(client: FlaskClient, signer: Signer) -> None:
    answer = client.post("/mine", json={"name": "mug"}, headers=signer.headers(CUSTOMER))
    assert (answer.status_code, answer.json) == (201, {"name": f"mug of {CUSTOMER.id}"})


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "unauthenticated"),
        ("", "unauthenticated"),
        ("Basic abc", "invalid_token"),
        ("Bearer", "invalid_token"),
        ("Bearer  ", "invalid_token"),
        ("Bearer a.b.c", "invalid_token"),
        ("Bearer ä", "invalid_token"),
        ("Bearer " + "x" * 5000, "invalid_token"),
    ],
)
def test_without_a_good_token_the_answer_is_401(
    client: FlaskClient, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = client.post("/mine", data="no JSON", headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("caller", "status"), [(CUSTOMER, 403), (STAFF, 200), (ADMIN, 200)])
def test_a_route_for_staff_is_open_to_staff_and_admins(
    client: FlaskClient, signer: Signer, caller: Caller, status: int
) -> None:
    assert client.get("/staff", headers=signer.headers(caller)).status_code == status


def test_the_openapi_document_says_which_routes_need_a_token(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    make, staff = document["paths"]["/mine"]["post"], document["paths"]["/staff"]["get"]
    assert make["security"] == staff["security"] == [{"bearer": []}]
    assert {"201", "401", "422"} <= set(make["responses"])
    assert "requestBody" in make
    assert {"200", "401", "403"} <= set(staff["responses"])
    assert "403" not in make["responses"]
