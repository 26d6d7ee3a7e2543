"""What we ask of a database that others use, too: through psql, as the role of DATABASE_URL."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from store.postgres.address import Address
from store.postgres.errors import CannotReach
from store.postgres.programs import ProgramFailed, Programs
from store.postgres.tls import reachable

QUIET = (
    "--no-psqlrc",
    "--quiet",
    "--no-password",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=terse",
)


class Client:
    """A database; CannotReach when it does not answer.

    `variables` are for all programs that are to reach the same one.
    """

    def __init__(self, variables: Mapping[str, str], programs: Programs) -> None:
        self.variables = variables
        self._programs = programs

    def name(self) -> str:
        """The database's own name."""
        return self.value("SELECT current_database()")

    def value(self, query: str) -> str:
        """The only value of the query's only row, empty if it is NULL."""
        try:
            told = self._programs.run(
                *("psql", *QUIET, "--tuples-only", "--no-align", "--file=-"),
                said=query,
                environ=self.variables,
            )
        except ProgramFailed as failure:
            raise CannotReach(f"The database cannot be reached: {failure}") from failure
        return told.rstrip("\n")


@contextmanager
def connected(address: Address, programs: Programs, application: str) -> Iterator[Client]:
    """The database at the address, with TLS where that is wanted.

    `application` is how others see us, and how we know ourselves, in pg_stat_activity.
    """
    name = f"{application} {secrets.token_hex(4)}"
    with reachable({**address.variables, "PGAPPNAME": name}) as variables:
        yield Client(variables, programs)
