"""`./pants up` and `./pants import`: the whole store on one machine, and products for it."""

from pathlib import Path

import click
from rich.console import Console

from store.local.folder import Folder
from store.local.import_command import import_command
from store.local.output import Output
from store.local.ports import Ports
from store.local.secrets_file import Secrets
from store.local.up import Up
from store.local.watching import Watched
from store.local.welcome import welcome


@click.group()
def main() -> None:
    """The whole store on this machine."""


@main.command()
@click.option("--fresh", is_flag=True, help="Start over: forget all data of this store.")
@click.option("--monitoring", is_flag=True,
              help="Start Prometheus, an auditor and Grafana, too, as far as they are installed.")  # fmt: skip
@click.option("--port-base", default=8000, show_default=True, envvar="STORE_PORT_BASE",
              show_envvar=True, help="Where the ports begin; they move together.")  # fmt: skip
@click.option("--data", default=".store", show_default=True, type=click.Path(path_type=Path),
              help="The folder of its database, mails and secrets.")  # fmt: skip
def up(fresh: bool, monitoring: bool, port_base: int, data: Path) -> None:
    """Start the whole store: PostgreSQL, all services, a payment gateway, a demo catalogue.

    Ctrl-C stops it. The data stays, and is there when it is started again.
    """
    folder, ports = Folder(data), Ports(port_base, monitored=monitoring)
    store = Up(folder, ports, Output())

    def when_ready(secrets: Secrets, watched: Watched) -> None:
        welcome(Console(), ports, secrets, folder.mails, watched)

    store.run(fresh, when_ready)


main.add_command(import_command)

if __name__ == "__main__":
    main()
