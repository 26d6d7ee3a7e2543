"""Options that several commands have."""

from pathlib import Path

import click

data = click.option(
    "--data",
    default=".store",
    show_default=True,
    envvar="STORE_DATA",
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="The folder of the store on this machine.",
)
