"""What can go wrong in a proof: one clear message and an exit status, no traceback."""

import click


class CannotProve(click.ClickException):
    """The proof could not be made; it says nothing about the store. Exit status 2."""

    exit_code = 2


class BadFile(CannotProve):
    def __init__(self, file: object, reason: str) -> None:
        super().__init__(f"{file} cannot be replayed: {reason}")
