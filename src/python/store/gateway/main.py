"""The gateway's program: `gateway serve`, `gateway migrate` and `gateway repair`."""

from collections.abc import Callable
from functools import partial

from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent
from store.server.telemetry.logs import environ_of


def serve() -> None:
    """Serve the API, deliver events and let banks answer, until SIGTERM."""
    patch_gevent()
    from store.database.backups import backup_watch
    from store.gateway import background
    from store.gateway.app import create_app
    from store.gateway.clients.webhooks import WebhookEndpoint
    from store.gateway.config import GatewayConfig
    from store.gateway.models.ids import new_id
    from store.gateway.models.tables import database
    from store.gateway.use_cases.unit_of_work import UnitOfWork
    from store.server.process.gunicorn import serve_http

    env = environ_of("gateway")
    config = GatewayConfig.from_environ(env)
    env.check()
    database.open(config.database)

    def settlement() -> UnitOfWork:
        webhooks = bool(config.webhook_url)
        return UnitOfWork(new_id("req", 14), "settlement", config.public_url, webhooks)

    loops: list[Callable[[], None]] = [
        background.forget_old_keys,
        partial(background.settle_refunds, settlement),
        *backup_watch(database, config.database),
    ]
    if config.webhook_url:
        endpoint = WebhookEndpoint(config.webhook_url, config.webhook_secret)
        loops.append(partial(background.deliver_events, endpoint))
    ready = {"database": database.check}
    serve_http("gateway", partial(create_app, config), config.http, ready, loops)


def migrate() -> None:
    from store.database.migrations import migrate_from
    from store.gateway.models.tables import MIGRATIONS, database

    migrate_from(environ_of("gateway"), database, MIGRATIONS)


def repair() -> None:
    """Do what an audit proposes on standard input, where it is still right."""
    from store.gateway.config import GatewayConfig
    from store.gateway.models.ids import new_id
    from store.gateway.models.tables import database
    from store.gateway.use_cases.repairs import cancel_payment
    from store.gateway.use_cases.unit_of_work import UnitOfWork
    from store.server.process.repairs import repair_what_is_proposed

    env = environ_of("gateway")
    config = GatewayConfig.from_environ(env)
    env.check()
    database.open(config.database)

    def begin() -> UnitOfWork:
        webhooks = bool(config.webhook_url)
        return UnitOfWork(new_id("req", 14), "repair", config.public_url, webhooks)

    repair_what_is_proposed("gateway", {"cancel_payment": partial(cancel_payment, begin)})


def main() -> None:
    run("gateway", {"serve": serve, "migrate": migrate, "repair": repair})


if __name__ == "__main__":
    main()
