"""The application without what it needs."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from store.gateway.app import create_app
from store.gateway.config import GatewayConfig
from store.gateway.models.tables import database
from store.server.environ import Environ


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    environ = {"DATABASE_URL": nowhere, "API_KEYS": "key", "PUBLIC_URL": "http://pay.example"}
    config = GatewayConfig.from_environ(Environ(environ))
    database.open(config.database)
    yield create_app(config).test_client()
    database.shut()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_its_database_it_asks_to_come_back(method: str, client: FlaskClient) -> None:
    answer = client.open(
        "/v1/payment_intents", method=method, headers={"Authorization": "Bearer key"}
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.get_json()["error"]["type"] == "api_error"
    assert "127.0.0.1" not in answer.text
