"""The program `users`: `serve`, `migrate`, `make-admin EMAIL`."""

import os
import sys
from getpass import getpass

from store.server.environ import BadEnviron
from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent
from store.server.telemetry.logs import environ_of


def serve() -> None:
    """Answer HTTP, send mails and run the maintenance until SIGTERM."""
    patch_gevent()  # before anything opens a socket
    from store.database.backups import backup_watch
    from store.server.process.gunicorn import HttpConfig, serve_http
    from store.users.app import create_app
    from store.users.composition import dependencies_of, outbox_of
    from store.users.config import UsersConfig
    from store.users.maintenance import run_maintenance
    from store.users.models.tables import database

    env = environ_of("users")
    config, http = UsersConfig.from_environ(env), HttpConfig.from_environ(env)
    env.check()
    database.open(config.database)
    dependencies = dependencies_of(config)
    ready = {"database": database.check, "signing_key": dependencies.keyring.check}
    loops = [
        outbox_of(config).run,
        lambda: run_maintenance(dependencies.cipher),
        *backup_watch(database, config.database),
    ]
    serve_http("users", lambda: create_app(dependencies, config.proxies), http, ready, loops)


def migrate() -> None:
    """Bring the database up to date, then leave."""
    from store.database.migrations import migrate_from
    from store.users.models.tables import MIGRATIONS, database

    migrate_from(environ_of("users"), database, MIGRATIONS)


def add_admin() -> None:
    """Make the owner of an e-mail an admin.

    If there is no such account it is made, with the password in ADMIN_PASSWORD, else one that is
    asked for on the terminal.
    """
    from marshmallow import ValidationError

    from store.database.availability import wait_for_database
    from store.database.config import DatabaseConfig
    from store.server.errors import StoreError
    from store.users.api.account_schemas import RegisterIn
    from store.users.models.tables import database
    from store.users.use_cases.first_admin import make_admin
    from store.users.use_cases.registration import Registration

    if len(sys.argv) != 3:
        raise BadEnviron("name one e-mail: users make-admin EMAIL")
    email = sys.argv[2]

    def ask() -> Registration:
        password = os.environ.get("ADMIN_PASSWORD") or getpass("Password of the new admin: ")
        wanted = {"email": email, "password": password, "name": "Admin"}
        registration: Registration = RegisterIn().load(wanted)
        return registration

    env = environ_of("users")
    config = DatabaseConfig.from_environ(env)
    wait_seconds = env.whole("DATABASE_WAIT_SECONDS", default=0)
    env.check()
    database.open(config)
    try:
        wait_for_database(database, wait_seconds)
        outcome = make_admin(email, ask)
    except (ValidationError, StoreError) as error:
        sys.exit(f"users make-admin: {error}")
    finally:
        database.shut()
    print(f"{email}: {outcome}")


def main() -> None:
    run("users", {"serve": serve, "migrate": migrate, "make-admin": add_admin})


if __name__ == "__main__":
    main()
