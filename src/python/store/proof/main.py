"""`./pants proof ...`: commands that prove that nothing was lost and nothing doubled."""

import click

from store.proof.audit.command import audit
from store.proof.faults.command import faults
from store.proof.load.command import load
from store.proof.replay.command import replay


@click.group()
def main() -> None:
    """Prove that the store loses nothing and doubles nothing."""


main.add_command(load)
main.add_command(faults)
main.add_command(replay)
main.add_command(audit)

if __name__ == "__main__":
    main()
