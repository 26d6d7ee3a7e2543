"""Queries to a database that others use, too: through psql, as the role of DATABASE_URL."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from store.database.refusals import may_pass
from store.postgres.address import Address
from store.postgres.errors import CannotReach
from store.postgres.programs import ProgramFailed, Programs
from store.postgres.tls import reachable
from store.server.outbound.reachability import Unreachable, wait_until_reachable

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
        return self.value("SELECT current_database()")

    def value(self, query: str) -> str:
        """The only value of the query's only row, empty if it is NULL."""
        try:
            return self._answer(query)
        except ProgramFailed as failure:
            raise CannotReach(f"The database cannot be reached: {failure}") from failure

    def run(self, script: str, **variables: str) -> None:
        """Run what psql understands, with variables of psql's; CannotReach if the database refuses it."""
        try:
            self._answer(script, *(f"--set={name}={value}" for name, value in variables.items()))
        except ProgramFailed as failure:
            raise CannotReach(f"The database refuses it: {failure}") from failure

    def check_reachable(self) -> None:
        """Return if the database answers; Unreachable if it may do so later, else CannotReach."""
        try:
            self._answer("SELECT 1")
        except ProgramFailed as failure:
            if may_pass(str(failure)):
                raise Unreachable(str(failure)) from failure
            raise CannotReach(f"The database does not let us in: {failure}") from failure

    def _answer(self, script: str, *options: str) -> str:
        output = self._programs.run(
            *("psql", *QUIET, "--tuples-only", "--no-align", *options, "--file=-"),
            stdin=script,
            environ=self.variables,
        )
        return output.rstrip("\n")


@contextmanager
def connected(
    address: Address, programs: Programs, application: str, wait_seconds: float = 0
) -> Iterator[Client]:
    """The database at the address, which answers, with TLS where that is wanted.

    It is waited for up to `wait_seconds`. `application` is how others see us, and how we know
    ourselves, in pg_stat_activity.
    """
    variables = {**address.variables, "PGAPPNAME": f"{application} {secrets.token_hex(4)}"}

    def connect(opened: ExitStack) -> Client:
        with ExitStack() as tried:
            client = Client(tried.enter_context(reachable(variables)), programs)
            client.check_reachable()
            opened.push(tried.pop_all())
        return client

    with ExitStack() as opened:
        try:
            client = wait_until_reachable(lambda: connect(opened), wait_seconds, "the database")
        except Unreachable as error:
            raise CannotReach(f"The database cannot be reached{error.after}: {error}") from error
        yield client
