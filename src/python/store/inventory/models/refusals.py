"""What the database refuses, said in the shop's words."""

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from store.database.errors import broken_constraint
from store.server.errors import StoreError


@contextmanager
def refused_as(**errors: StoreError) -> Iterator[None]:
    """Raise the error that is named after the constraint which refused a row in this block."""
    try:
        yield
    except peewee.IntegrityError as error:
        ours = errors.get(broken_constraint(error))
        if ours is None:
            raise
        raise ours from None
