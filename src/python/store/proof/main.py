"""`./pants proof ...`: commands that prove that nothing was lost and nothing doubled."""

import click

from store.proof.replay import replay


@click.group()
def main() -> None:
    """Prove that the store loses nothing and doubles nothing."""


main.add_command(replay)

if __name__ == "__main__":
    main()
