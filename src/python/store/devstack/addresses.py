"""Where a store on this machine is to be found: for `import`, `replay` and `audit` beside `up`."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from store.cli.errors import Trouble
from store.devstack.errors import writing_in
from store.devstack.ports import Ports


@dataclass(frozen=True)
class Addresses:
    """What the ports follow from, and the addresses of the databases, with their passwords."""

    port_base: int
    databases: Mapping[str, str]
    apis: int = 1
    workers: int = 1
    monitored: bool = False

    @classmethod
    def of(cls, ports: Ports, databases: Mapping[str, str]) -> Self:
        return cls(ports.base, databases, ports.apis, ports.workers, ports.monitored)

    @property
    def ports(self) -> Ports:
        return Ports(self.port_base, self.apis, self.workers, self.monitored)


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
    with writing_in(file.parent):
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as content_file:
            json.dump(content, content_file, indent=2)
            content_file.flush()
            os.fsync(handle)
        new.rename(file)


def write_addresses(file: Path, addresses: Addresses) -> None:
    """Tell the commands beside us where everything is."""
    write_privately(file, asdict(addresses))
