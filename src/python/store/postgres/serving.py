"""`postgres serve`: PostgreSQL in a container, from an empty volume on."""

import os
import sys

from store.database.binaries import version
from store.database.unprivileged import unprivileged
from store.postgres.access import bring_in_line
from store.postgres.config import Serving
from store.postgres.data import DataFolder
from store.postgres.programs import installed
from store.postgres.server import become, for_us_alone


def serve(config: Serving) -> None:
    """Make what is missing, bring roles and passwords in line, then become PostgreSQL."""
    programs, ours = installed(), version()  # nobody may not look where root has installed it
    _be_nobody_instead_of_root()
    folder = DataFolder(config.data, programs, ours)
    folder.prepare()
    with for_us_alone(config, programs) as socket:
        bring_in_line(socket, config, programs)
    print(f"Roles and the database {config.database} are as wanted.", file=sys.stderr, flush=True)
    become(config, programs)


def _be_nobody_instead_of_root() -> None:
    """PostgreSQL refuses root."""
    if who := unprivileged():
        import pwd

        os.setgroups(who["extra_groups"])
        os.setgid(who["group"])
        os.setuid(pwd.getpwnam(who["user"]).pw_uid)
