"""The proof as its image has it: what is asked of a store that is installed."""

import click


def shipped() -> list[click.Command]:
    """The commands that need nothing but the store's addresses."""
    from store.audit.command import audit
    from store.loadtest.demo.command import demo
    from store.loadtest.load.command import load
    from store.loadtest.smoke.command import smoke

    return [smoke, load, audit, demo]


def main() -> None:
    about = "Try a store out, and prove that it loses nothing."
    click.Group("proof", commands=shipped(), help=about)(prog_name="proof")
