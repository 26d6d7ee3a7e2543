"""The steps of a smoke test: each within the time that is left, each a line, the failed one an error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from store.loadtest.api import Api, Response
from store.loadtest.customers import CannotLogIn

SECONDS = 80.0
TIDYING_SECONDS = 20.0  # on top, for giving back what was taken
ANSWER_SECONDS = 10.0
CONNECTIONS = 1


class SmokeFailed(click.ClickException):
    """The store did not do what it is for; exit status 1."""


class UnexpectedResponse(Exception):
    """The store answered something else, or nothing."""


class DeadlineApi(Api):
    """Repeats requests until a moment, rather than each for so long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__(CONNECTIONS, answer_seconds=ANSWER_SECONDS)
        self.until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self.until - time.monotonic())


class Steps:
    """Says what was done and how long it took."""

    def __init__(self, api: DeadlineApi) -> None:
        self._api = api
        self._is_tidying = False

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """A line once it is done; SmokeFailed, with the step and what was answered, if it cannot be.

        While the store is not there, or asks for patience, requests are repeated as long as time is left.
        """
        began = time.monotonic()
        try:
            if not self._api.left:
                raise UnexpectedResponse("no time is left")
            yield
        except (UnexpectedResponse, CannotLogIn) as error:
            raise SmokeFailed(f'the smoke test failed at "{doing}": {error}') from None
        click.echo(f"ok  {doing} ({time.monotonic() - began:.1f} s)")

    @contextmanager
    def afterwards(self, doing: str, do: Callable[[], None]) -> Iterator[None]:
        """Take a last step after the block, even if that fails; its failure is then the one that is reported."""
        try:
            yield
        except BaseException:
            self._tidy(doing, do)
            raise
        with self.step(doing):
            do()

    def _tidy(self, doing: str, do: Callable[[], None]) -> None:
        if not self._is_tidying:
            self._is_tidying = True
            self._api.until = time.monotonic() + TIDYING_SECONDS
        try:
            with self.step(doing):
                do()
        except SmokeFailed as failed:
            click.echo(f"--  {failed.message}")


def expect(answer: Response, *others: int) -> Response:
    """The answer, if its status is 200 or one of the others; else UnexpectedResponse says what it is."""
    if answer.status in (200, *others):
        return answer
    detail = answer.body.get("detail", "") if isinstance(answer.body, dict) else ""
    if answer.status == 0:
        raise UnexpectedResponse(f"nobody answered ({detail})")
    facts = (answer.status, answer.code, detail and f"({detail})")
    raise UnexpectedResponse(" ".join(str(fact) for fact in facts if fact))
