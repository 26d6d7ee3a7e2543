"""`./pants up` and what goes with it: the whole store on one machine, and products for it."""

from pathlib import Path

import click
from rich.console import Console

from store.cli import options
from store.devstack.folder import Folder
from store.devstack.import_command import import_command
from store.devstack.logs_command import logs_command
from store.devstack.monitoring import MonitoringStatus
from store.devstack.ports import Ports
from store.devstack.process_logs import ProcessLogs
from store.devstack.secrets_file import Secrets
from store.devstack.status_command import status_command
from store.devstack.stop_command import stop_command
from store.devstack.up import Up
from store.devstack.welcome import welcome


@click.group()
def commands() -> None:
    """The whole store on this machine."""


@commands.command()
@click.option("--fresh", is_flag=True, help="Start over: forget all data of this store.")
@click.option("--monitoring", is_flag=True,
              help="Start Prometheus, an auditor and Grafana, too, as far as they are installed.")  # fmt: skip
@click.option("--verbose", is_flag=True,
              help="Print all that the processes say; it is in their logs in any case.")  # fmt: skip
@click.option("--port-base", default=8000, show_default=True, envvar="STORE_PORT_BASE",
              show_envvar=True, help="Where the ports begin; they move together.")  # fmt: skip
@options.data
def up(fresh: bool, monitoring: bool, verbose: bool, port_base: int, data: Path) -> None:
    """Start the whole store: PostgreSQL, all services, a payment gateway, a demo catalogue.

    Ctrl-C stops it, and so does ./pants stop. The data stays, and is there when it is started again.

    The environment is handed on to the services where it says how much they log (LOG_LEVEL), which
    version they show (VERSION), and where traces go (OTEL_*).
    """
    folder, ports = Folder(data), Ports(port_base, monitored=monitoring)
    logs = ProcessLogs(folder.logs, verbose=verbose)
    store = Up(folder, ports, logs)

    def when_ready(secrets: Secrets, watched: MonitoringStatus) -> None:
        welcome(Console(), folder, ports, secrets, watched)

    try:
        store.run(fresh, when_ready)
    finally:
        logs.close()


for command in (import_command, status_command, stop_command, logs_command):
    commands.add_command(command)


def main() -> None:
    commands(prog_name="./pants")


if __name__ == "__main__":
    main()
