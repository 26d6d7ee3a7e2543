"""The gateway's program: `gateway serve` and `gateway migrate`."""

import os
from collections.abc import Callable
from functools import partial

from store.server.process.commands import run
from store.server.process.gevent_patch import patch_gevent


def serve() -> None:
    """Serve the API, deliver events and let banks answer, until SIGTERM."""
    patch_gevent()
    from store.database.backups import backup_watch
    from store.gateway import background
    from store.gateway.app import create_app
    from store.gateway.clients import Listener
    from store.gateway.config import Config
    from store.gateway.http import new_call
    from store.gateway.models import database
    from store.server.process.gunicorn import serve_http
    from store.server.telemetry.logs import set_up_logs

    config = Config.from_environ(os.environ)
    set_up_logs("gateway", config.log_level, config.log_format)
    database.open(config.database)
    own_call = partial(new_call, config, endpoint="settlement")
    loops: list[Callable[[], None]] = [
        background.forget_old_keys,
        partial(background.settle_refunds, own_call),
        *backup_watch(database, config.database),
    ]
    if config.webhook_url:
        listener = Listener(config.webhook_url, config.webhook_secret)
        loops.append(partial(background.deliver_events, listener))
    ready = {"database": database.check}
    serve_http("gateway", partial(create_app, config), config.http, ready, loops)


def migrate() -> None:
    """Bring the database up to date."""
    from store.database.migrations import migrate_from
    from store.gateway.models import MIGRATIONS, database
    from store.server.telemetry.logs import environ_of

    migrate_from(environ_of("gateway"), database, MIGRATIONS)


def main() -> None:
    """The entry point."""
    run("gateway", {"serve": serve, "migrate": migrate})


if __name__ == "__main__":
    main()
