from collections.abc import Iterator

import pytest

from store.postgres.testing import Container, container


@pytest.fixture(scope="module")
def server() -> Iterator[Container]:
    """A PostgreSQL that runs throughout a file's tests."""
    with container() as made:
        made.start()
        yield made


@pytest.fixture
def fresh() -> Iterator[Container]:
    """One on an empty volume, that has not been started."""
    with container() as made:
        yield made
