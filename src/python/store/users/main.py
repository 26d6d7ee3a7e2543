"""The program `users`: `serve`, `migrate`, `make-admin EMAIL`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass

from store.server.environ import BadEnviron
from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent
from store.server.telemetry.logs import environ_of


def serve() -> None:
    """Answer HTTP, send mails and keep house until SIGTERM."""
    patch_gevent()  # before anything opens a socket
    from store.database.backups import backup_watch
    from store.database.config import DatabaseConfig
    from store.server.process.gunicorn import HttpConfig, serve_http
    from store.users.app import create_app
    from store.users.config import Config
    from store.users.housekeeping import keep_house
    from store.users.models.tables import database
    from store.users.wiring import Wiring

    env = environ_of("users")
    config, http = Config.from_environ(env), HttpConfig.from_environ(env)
    database_config = DatabaseConfig.from_environ(env)
    env.check()
    database.open(database_config)
    wiring = Wiring.of(config)
    serve_http(
        "users",
        lambda: create_app(wiring, config.proxies),
        http,
        ready={"database": database.check, "signing_key": wiring.keyring.check},
        background=[
            wiring.outbox.run,
            lambda: keep_house(wiring.cipher),
            *backup_watch(database, database_config),
        ],
    )


def migrate() -> None:
    """Bring the database up to date, then leave."""
    from store.database.migrations import migrate_from
    from store.users.models.tables import MIGRATIONS, database

    migrate_from(environ_of("users"), database, MIGRATIONS)


def make_admin() -> None:
    """Make the owner of an e-mail an admin.

    If there is no such account it is made, with the password in ADMIN_PASSWORD, else one that is
    asked for on the terminal.
    """
    from marshmallow import ValidationError

    from store.server.errors import StoreError
    from store.users import first_admin

    if len(sys.argv) != 3:
        raise BadEnviron("name one e-mail: users make-admin EMAIL")
    email = sys.argv[2]
    with _database():
        try:
            outcome = first_admin.make_admin(email, _password)
        except (ValidationError, StoreError) as error:
            sys.exit(f"users make-admin: {error}")
    print(f"{email}: {outcome}")


def main() -> None:
    """Run the command that was asked for."""
    run("users", {"serve": serve, "migrate": migrate, "make-admin": make_admin})


def _password() -> str:
    return os.environ.get("ADMIN_PASSWORD") or getpass("Password of the new admin: ")


@contextmanager
def _database() -> Iterator[None]:
    """The database, once it answers: DATABASE_WAIT_SECONDS is how long it is waited for."""
    from store.database.availability import wait_for_database
    from store.database.config import DatabaseConfig
    from store.users.models.tables import database

    env = environ_of("users")
    config = DatabaseConfig.from_environ(env)
    patience = env.whole("DATABASE_WAIT_SECONDS", default=0)
    env.check()
    database.open(config)
    try:
        wait_for_database(database, patience)
        yield
    finally:
        database.shut()


if __name__ == "__main__":
    main()
