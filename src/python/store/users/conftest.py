"""A users service on a database of the test's own."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.database.testing import own_copy, postgres  # noqa: F401
from store.users.app import create_app
from store.users.config import Config
from store.users.models.tables import database
from store.users.smtp import SmtpServer
from store.users.testing import SECRET, PostOffice, Shop
from store.users.wiring import Wiring

database_config, opened = own_copy("users", database)


@pytest.fixture(scope="session")
def post_office() -> Iterator[PostOffice]:
    with PostOffice.open() as office:
        yield office


@pytest.fixture
def config(post_office: PostOffice) -> Config:
    smtp = SmtpServer("127.0.0.1", post_office.port, seconds=5.0)
    return Config((SECRET,), smtp, "shop@example.com", "https://shop.example.com")


@pytest.fixture
def wiring(opened: None, config: Config) -> Wiring:
    return Wiring.of(config)


@pytest.fixture
def app(wiring: Wiring) -> Flask:
    return create_app(wiring)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def shop(client: FlaskClient, wiring: Wiring, post_office: PostOffice) -> Shop:
    post_office.letters.clear()
    return Shop(client, wiring.outbox, post_office)
