"""The program `orders`: `serve`, `work`, `migrate`, `repair`."""

from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent
from store.server.telemetry.logs import environ_of


def serve() -> None:
    """Answer HTTP until SIGTERM."""
    patch_gevent(calls_by_grpc=True)  # before anything opens a socket
    from store.auth.remote_keys import RemoteKeys
    from store.auth.tokens import Verifier
    from store.database.backups import backup_watch
    from store.orders.app import create_app
    from store.orders.composition import AppDependencies
    from store.orders.config import HttpSettings, OrdersConfig
    from store.orders.models.tables import database
    from store.server.process.gunicorn import HttpConfig, serve_http

    env = environ_of("orders")
    config, settings, http = (
        OrdersConfig.from_environ(env),
        HttpSettings.from_environ(env),
        HttpConfig.from_environ(env),
    )
    env.check()
    database.open(config.database)
    verifier = Verifier(RemoteKeys(settings.jwks_url))
    ready = {"database": database.check}
    loops = backup_watch(database, config.database)
    serve_http(
        "orders",
        # The dependencies, too, in the worker, after the fork: gRPC's threads do not survive one.
        lambda: create_app(verifier, AppDependencies.of(config, settings)),
        http,
        ready,
        loops,
    )


def work() -> None:
    """Bring orders to their end, and their events to subscribers, until SIGTERM."""
    patch_gevent(calls_by_grpc=True)  # before anything opens a socket
    from threading import Thread

    from store.database.cipher import Cipher
    from store.orders.composition import shop_of
    from store.orders.config import OrdersConfig
    from store.orders.models.tables import database
    from store.orders.webhooks.clients import Subscribers
    from store.orders.webhooks.dispatch import Dispatcher
    from store.orders.worker import Worker
    from store.server.process.ops import OpsConfig
    from store.server.process.worker import run_worker
    from store.server.telemetry import traces

    env = environ_of("orders")
    config, ops = OrdersConfig.from_environ(env), OpsConfig.from_environ(env)
    env.check()
    database.open(config.database)
    traces.start("orders-work")  # first: only channels that are opened from here on are traced
    worker = Worker(shop_of(config))
    subscribers = Subscribers(private=config.private_webhooks)
    dispatcher = Dispatcher(Cipher(config.encryption_secrets), subscribers)
    dispatching = Thread(target=dispatcher.run, name="dispatch", daemon=True)
    dispatching.start()
    run_worker("orders-work", "orders", worker.step, ops, {"database": database.check})
    worker.finish()
    dispatching.join()


def migrate() -> None:
    """Bring the database up to date, then leave."""
    from store.database.migrations import migrate_from
    from store.orders.models.tables import MIGRATIONS, database

    migrate_from(environ_of("orders"), database, MIGRATIONS)


def repair() -> None:
    """Do what an audit proposes on standard input, where it is still right."""
    from store.orders.clients.payments import Payments
    from store.orders.config import RepairConfig
    from store.orders.models.tables import database
    from store.orders.use_cases.repairs import repairs_with
    from store.orders.webhooks.repairs import REPAIRS
    from store.server.process.repairs import repair_what_is_proposed

    env = environ_of("orders")
    config = RepairConfig.from_environ(env)
    env.check()
    database.open(config.database)
    payments = Payments(config.payment_url, config.payment_key)
    repair_what_is_proposed("orders", {**repairs_with(payments), **REPAIRS})


def main() -> None:
    """Run the command that was asked for."""
    run("orders", {"serve": serve, "work": work, "migrate": migrate, "repair": repair})


if __name__ == "__main__":
    main()
