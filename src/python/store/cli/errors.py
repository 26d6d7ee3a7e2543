"""What can go wrong in a command: one clear message and an exit status, no traceback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from store.server.environ import BadEnviron, Environ


class Trouble(click.ClickException):
    """The message says what is wrong, with which value, and what to do about it. Exit status 1."""


class CannotProve(click.ClickException):
    """The proof could not be made; it says nothing about the store. Exit status 2."""

    exit_code = 2


@contextmanager
def local_store() -> Iterator[None]:
    """CannotProve if what is needed of the local store is not there."""
    try:
        yield
    except Trouble as trouble:
        raise CannotProve(trouble.message) from None


@contextmanager
def reading_environ() -> Iterator[Environ]:
    """The environment, to be read within the block; CannotProve if anything read is missing or wrong."""
    env = Environ(os.environ)
    yield env
    try:
        env.check()
    except BadEnviron as error:
        raise CannotProve(str(error)) from None
