"""`postgres serve`: PostgreSQL in a container, from an empty volume on."""

import os
import sys

from store.database.binaries import version
from store.database.unprivileged import unprivileged
from store.postgres.access import set_up_roles
from store.postgres.config import PostgresConfig
from store.postgres.data import DataFolder
from store.postgres.programs import installed
from store.postgres.server import exec_postgres, private_server


def serve(config: PostgresConfig) -> None:
    """Make what is missing, set roles and passwords, then become PostgreSQL."""
    programs, ours = installed(), version()  # while we may read what root has installed
    _drop_root()
    DataFolder(config.data, programs, ours).prepare()
    with private_server(config, programs) as socket:
        set_up_roles(socket, config, programs)
    print(f"Roles and the database {config.database} are as wanted.", file=sys.stderr, flush=True)
    exec_postgres(config, programs)


def _drop_root() -> None:
    """PostgreSQL refuses root."""
    if who := unprivileged():
        import pwd

        os.setgroups(who["extra_groups"])
        os.setgid(who["group"])
        os.setuid(pwd.getpwnam(who["user"]).pw_uid)
