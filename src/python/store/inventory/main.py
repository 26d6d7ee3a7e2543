"""The program `inventory`: `serve`, `rpc`, `migrate`, `repair`."""

from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent
from store.server.telemetry.logs import environ_of


def serve() -> None:
    """Answer HTTP until SIGTERM."""
    patch_gevent()  # before anything opens a socket
    from store.auth.remote_keys import RemoteKeys
    from store.auth.tokens import Verifier
    from store.database.backups import backup_watch
    from store.inventory.app import create_app
    from store.inventory.config import InventoryConfig
    from store.inventory.models.tables import database
    from store.server.process.gunicorn import serve_http

    env = environ_of("inventory")
    config = InventoryConfig.from_environ(env)
    env.check()
    database.open(config.database)
    verifier = Verifier(RemoteKeys(config.jwks_url))
    ready = {"database": database.check}
    loops = backup_watch(database, config.database)
    serve_http("inventory", lambda: create_app(verifier), config.http, ready, loops)


def rpc() -> None:
    """Answer gRPC until SIGTERM."""
    from store.inventory.rpc.server import InventoryRpcConfig
    from store.inventory.rpc.server import serve as serve_calls

    env = environ_of("inventory")
    config = InventoryRpcConfig.from_environ(env)
    env.check()
    serve_calls(config)


def migrate() -> None:
    """Bring the database up to date, then leave."""
    from store.database.migrations import migrate_from
    from store.inventory.models.tables import FUNCTIONS, MIGRATIONS, database

    migrate_from(environ_of("inventory"), database, MIGRATIONS, FUNCTIONS)


def repair() -> None:
    """Do what an audit proposes on standard input, where it is still right."""
    from store.database.config import DatabaseConfig
    from store.inventory.models.tables import database
    from store.inventory.reservations.repairs import REPAIRS
    from store.server.process.repairs import repair_what_is_proposed

    env = environ_of("inventory")
    config = DatabaseConfig.from_environ(env)
    env.check()
    database.open(config)
    repair_what_is_proposed("inventory", REPAIRS)


def main() -> None:
    """Run the command that was asked for."""
    run("inventory", {"serve": serve, "rpc": rpc, "migrate": migrate, "repair": repair})


if __name__ == "__main__":
    main()
