"""The commands of a service's program."""

import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

from store.server.environ import BadEnviron


def run(name: str, commands: Mapping[str, Callable[[], None]]) -> None:
    """Run the command that the first argument names.

    Anything else prints the usage; that and a BadEnviron leave with exit code 2.
    """
    chosen = commands.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if chosen is None:
        _leave(f"usage: {name} {{{'|'.join(commands)}}}")
    try:
        chosen()
    except BadEnviron as error:
        _leave(f"{name} {sys.argv[1]}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _leave(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(2)
