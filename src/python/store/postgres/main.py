"""The program `postgres`: `serve`, `backup`, `backups`, `restore`."""

import os
import sys

from store.server.process.commands import run


def serve() -> None:
    """Be PostgreSQL until SIGINT."""
    from store.postgres import startup
    from store.postgres.config import PostgresConfig

    startup.serve(PostgresConfig.from_environ(os.environ))


def backup() -> None:
    """Keep a dump of a database, and remove the oldest."""
    from store.postgres.backup import back_up
    from store.postgres.config import BackupConfig
    from store.postgres.programs import installed

    print(back_up(BackupConfig.from_environ(os.environ), installed()))


def backups() -> None:
    """List the dumps that are there, newest first; `restore list` does the same."""
    from store.postgres.config import backups_folder
    from store.postgres.dumps import Dumps
    from store.server.environ import Environ

    env = Environ(os.environ)
    folder = backups_folder(env)
    env.check()
    dumps = [str(dump) for dump in Dumps(folder).all()]
    print("\n".join(dumps) or "There are no dumps.")


def restore() -> None:
    """Make a database what one of its dumps shows: the second argument names it, or wants a list."""
    from store.postgres import restore
    from store.postgres.config import BackupConfig
    from store.postgres.programs import installed

    if len(sys.argv) != 3:
        print("usage: postgres restore {NAME|latest|list}", file=sys.stderr)
        sys.exit(2)
    if sys.argv[2] == "list":
        backups()
        return
    print(restore.restore(BackupConfig.from_environ(os.environ), installed(), sys.argv[2]))


def main() -> None:
    run("postgres", {"serve": serve, "backup": backup, "backups": backups, "restore": restore})


if __name__ == "__main__":
    main()
