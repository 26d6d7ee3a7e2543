"""The commands of a service's program."""

import signal
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from store.server.environ import BadEnviron


class CommandFailed(Exception):
    """The command could not do what it is for; the message is one line that says why."""


def run(name: str, commands: Mapping[str, Callable[[], None]]) -> None:
    """Run the command that the first argument names.

    Anything else prints the usage; that and a BadEnviron leave with exit code 2. A CommandFailed is
    one line on stderr, the last of a container's log, and exit code 1. SIGTERM ends any command that
    makes nothing of it itself.
    """
    # The kernel keeps signals from the first process of a container unless it asks for them.
    signal.signal(signal.SIGTERM, _terminated)
    chosen = commands.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if chosen is None:
        _leave(f"usage: {name} {{{'|'.join(commands)}}}")
    try:
        chosen()
    except BadEnviron as error:
        _leave(f"{name} {sys.argv[1]}: {error}")
    except CommandFailed as error:
        _leave(f"{name} {sys.argv[1]}: {error}", 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _terminated(*_: object) -> None:
    sys.exit(128 + signal.SIGTERM)


def _leave(line: str, status: int = 2) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(status)
