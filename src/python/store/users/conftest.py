"""A users service on a database of the test's own."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from store.database.config import DatabaseConfig
from store.database.testing import own_copy, postgres  # noqa: F401
from store.users.api.dependencies import UsersDependencies
from store.users.app import create_app
from store.users.composition import dependencies_of, outbox_of
from store.users.config import UsersConfig
from store.users.mail.smtp import SmtpServer
from store.users.models.tables import database
from store.users.testing.api import SECRET, UsersApi
from store.users.testing.mail_server import MailServer

database_config, opened = own_copy("users", database)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with MailServer.open() as server:
        yield server


@pytest.fixture
def config(mail_server: MailServer, database_config: DatabaseConfig) -> UsersConfig:
    smtp = SmtpServer("127.0.0.1", mail_server.port, seconds=5.0)
    sender, url = "shop@example.com", "https://shop.example.com"
    return UsersConfig(database_config, (SECRET,), smtp, sender, url)


@pytest.fixture
def dependencies(opened: None, config: UsersConfig) -> UsersDependencies:
    return dependencies_of(config)


@pytest.fixture
def app(dependencies: UsersDependencies) -> Flask:
    return create_app(dependencies)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def users(client: FlaskClient, config: UsersConfig, mail_server: MailServer) -> UsersApi:
    mail_server.letters.clear()
    return UsersApi(client, outbox_of(config), mail_server)
