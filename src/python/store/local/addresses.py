"""Where a store on this machine is to be found: for `import`, `replay` and `audit` beside `up`."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from store.local.errors import Trouble
from store.local.ports import Ports


@dataclass(frozen=True)
class Addresses:
    """The port base, and the addresses of the databases, with their passwords."""

    port_base: int
    databases: Mapping[str, str]

    @property
    def ports(self) -> Ports:
        return Ports(self.port_base)


def read_addresses(file: Path) -> Addresses:
    """The addresses of the store that runs, or ran last; Trouble if there was none."""
    try:
        return Addresses(**json.loads(file.read_text()))
    except FileNotFoundError:
        raise Trouble(f"There is no {file}: start the store first with ./pants up") from None
    except (OSError, TypeError, ValueError) as error:
        raise Trouble(f"{file} cannot be read ({type(error).__name__}): run ./pants up") from None


def write_privately(file: Path, content: object) -> None:
    """Write JSON that only its owner can read, whole or not at all."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        json.dump(content, handle, indent=2)
    new.rename(file)


def write_addresses(file: Path, addresses: Addresses) -> None:
    """Tell the commands beside us where everything is."""
    write_privately(file, asdict(addresses))
