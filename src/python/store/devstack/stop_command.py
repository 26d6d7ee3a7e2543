"""`./pants stop`: end the store that runs, in order."""

import os
import signal
import time
from pathlib import Path

import click

from store.cli import options
from store.cli.errors import Trouble
from store.devstack.errors import NotOurStore
from store.devstack.folder import LEFTOVER_SECONDS, Folder

POLL_INTERVAL_SECONDS = 0.1
STOP_SECONDS = 120.0  # servers have 35 s, PostgreSQL has 60 s


@click.command("stop")
@options.data
def stop_command(data: Path) -> None:
    """Stop the store as Ctrl-C in its terminal does; its data stays.

    Exit status: 0 it has stopped, or none runs; 1 it does not stop.
    """
    folder = Folder(data)
    pid = folder.holder
    if not folder.is_held:
        click.echo(f"No store runs in {folder.path}.")
        return
    if pid is None:
        click.echo(f"The `up` of {folder.path} was killed: waiting for its processes")
        _wait(folder, LEFTOVER_SECONDS)
    else:
        click.echo(f"stopping the store in {folder.path} (process {pid})")
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass  # it was faster
        except PermissionError:
            raise NotOurStore(folder.path) from None
        _wait(folder, STOP_SECONDS)
    click.echo("stopped; ./pants up starts it again with its data")


def _wait(folder: Folder, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while folder.is_held:
        if time.monotonic() > give_up:
            raise Trouble(
                f"The store in {folder.path} has not stopped within {seconds:.0f} s: "
                "./pants logs says what it does."
            )
        time.sleep(POLL_INTERVAL_SECONDS)
