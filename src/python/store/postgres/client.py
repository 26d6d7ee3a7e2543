"""What we ask of a database that others use, too: through psql, as the role of DATABASE_URL."""

import secrets

from store.postgres.address import Address
from store.postgres.errors import CannotReach
from store.postgres.programs import ProgramFailed, Programs

QUIET = (
    "--no-psqlrc",
    "--quiet",
    "--no-password",
    "--set=ON_ERROR_STOP=1",
    "--set=VERBOSITY=terse",
)


class Client:
    """The database at `address`; CannotReach when it does not answer.

    `variables` are for all programs that are to reach the same one.
    """

    def __init__(self, address: Address, programs: Programs, application: str) -> None:
        """`application` is how others see us, and how we know ourselves, in pg_stat_activity."""
        name = f"{application} {secrets.token_hex(4)}"
        self.variables = {**address.variables, "PGAPPNAME": name}
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
