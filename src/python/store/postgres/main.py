"""The program `postgres`: `serve`."""

import os
import signal
import sys
from collections.abc import Callable
from functools import wraps

from store.database.binaries import PostgresFailed
from store.postgres.errors import Failed
from store.server.commands import run


def serve() -> None:
    """Be PostgreSQL until SIGINT."""
    from store.postgres import serving
    from store.postgres.config import Serving

    # The kernel keeps every signal without a handler from a container's first process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serving.serve(Serving.from_environ(os.environ))


def _in_one_line(command: Callable[[], None]) -> Callable[[], None]:
    """The command, the failure of which is one line and exit code 1."""

    @wraps(command)
    def told() -> None:
        try:
            command()
        except (Failed, PostgresFailed) as failure:
            print(f"postgres {command.__name__}: {failure}", file=sys.stderr)
            sys.exit(1)

    return told


def main() -> None:
    """Run the command that was asked for."""
    run("postgres", {"serve": _in_one_line(serve)})


if __name__ == "__main__":
    main()
