"""What can go wrong in a measurement: one clear message and an exit status, no traceback."""

import click


class CannotMeasure(click.ClickException):
    """Nothing was measured. Exit status 2."""

    exit_code = 2
