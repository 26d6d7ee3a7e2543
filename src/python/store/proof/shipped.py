"""The proof as its image has it: what is asked of a store that is installed."""

import click


def commands() -> click.Group:
    """Those that need nothing but the store's addresses."""
    from store.proof.audit.command import audit

    about = "Prove that the store loses nothing and doubles nothing."
    return click.Group("proof", commands=[audit], help=about)


def main() -> None:
    """Run the command that was asked for."""
    about = "Try a store out, and prove that it loses nothing."
    click.Group("proof", commands=shipped(), help=about)(prog_name="proof")


if __name__ == "__main__":
    main()
