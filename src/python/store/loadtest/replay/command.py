"""`proof replay FILE`: place the orders of a CSV through the public REST API."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from store.cli import options
from store.cli.console import open_console
from store.cli.errors import CannotProve, local_store
from store.cli.interrupts import Interruption, signals_call
from store.cli.name_value import Pairs
from store.cli.progress import progress
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.secrets_file import read
from store.loadtest.api import Api
from store.loadtest.customers import CannotLogIn, Customer
from store.loadtest.replay.invoices import Basket, Columns, read_invoices
from store.loadtest.replay.journal import Journal, OrderOutcome
from store.loadtest.replay.orders import Destination, at_once, place
from store.loadtest.replay.report import Run, show
from store.loadtest.target import require_answers

STOPPED = 130


@dataclass(frozen=True)
class Target:
    """Which store is asked, and the secret that customers' passwords are derived from."""

    users_url: str
    orders_url: str
    secret: str


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, type=Pairs(), metavar="OURS=THEIRS",
              help="A column of the file: order, time, customer, sku or quantity.")  # fmt: skip
@click.option("--currency", default="EUR", show_default=True, help="What the orders are paid in.")
@click.option("--customers", default=16, show_default=True, type=click.IntRange(1, 256),
              help="How many customers order at the same time.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), help="Place only the first N orders.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path),
              help="Where to note what is done; by default in the store's folder.")  # fmt: skip
@options.data
@click.option(
    "--users-url", envvar="USERS_URL", show_envvar=True, help="Another store's users service."
)
@click.option(
    "--orders-url", envvar="ORDERS_URL", show_envvar=True, help="Another store's orders service."
)
def replay(
    file: Path,
    mapped: Sequence[tuple[str, str]],
    currency: str,
    customers: int,
    limit: int | None,
    journal: Path | None,
    data: Path,
    users_url: str | None,
    orders_url: str | None,
) -> None:
    """Place the orders of a CSV (gzip or not) as concurrent customers.

    Every order is placed under an Idempotency-Key made from the file and the order, so a replay
    that was stopped or killed goes on where it was: run the same command again.

    For another store than the local one, set REPLAY_SECRET (any text; customers' passwords are
    derived from it).
    """
    target = _target(Folder(data), users_url, orders_url)
    invoices = read_invoices(file, Columns.of(dict(mapped)))
    baskets = invoices.baskets[:limit]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    # One for each file and store: what one store has done, another has not.
    name = hashlib.sha256(f"{digest} {target.orders_url}".encode()).hexdigest()[:16]
    notes = _journal(journal or Folder(data).replays / f"{name}.jsonl")
    destination = Destination(Api(customers), target.orders_url, currency, digest)
    try:
        run = Replay(destination, target, notes, customers, open_console()).run(baskets)
    finally:
        notes.close()
    console, outcomes = open_console(), [notes.known[basket.order] for basket in baskets]
    show(console, invoices, outcomes, run)
    unfinished = sum(not outcome.is_final for outcome in outcomes)
    if unfinished:
        console.print(f"Orders that have not ended: {unfinished:,}. Run the same command again.")
        raise SystemExit(1)


def _target(folder: Folder, users_url: str | None, orders_url: str | None) -> Target:
    if users_url and orders_url:
        secret = os.environ.get("REPLAY_SECRET", "")
        if not secret:
            raise CannotProve("Set REPLAY_SECRET: customers' passwords are derived from it.")
        return Target(users_url, orders_url, secret)
    with local_store():
        ports = read_addresses(folder.addresses).ports
        return Target(ports.url("users"), ports.url("orders"), read(folder.secrets).replay)


def _journal(file: Path) -> Journal:
    try:
        return Journal(file)
    except OSError as error:
        raise CannotProve(f"The journal {file} cannot be written: {error.strerror}") from None


class Replay:
    """One run over the baskets of a file."""

    def __init__(
        self,
        destination: Destination,
        target: Target,
        journal: Journal,
        workers: int,
        console: Console,
    ) -> None:
        self._destination, self._target, self._journal = destination, target, journal
        self._api, self._workers, self._console = destination.api, workers, console

    def run(self, baskets: Sequence[Basket]) -> Run:
        """Place what no earlier run has finished."""
        left = [basket for basket in baskets if not self._journal.is_done(basket.order)]
        if len(left) < len(baskets):
            self._console.print(f"{len(baskets) - len(left):,} orders were done by an earlier run.")
        try:
            # Orders in hand are followed to their answer.
            with signals_call(self._api.stopping.set):
                require_answers(self._api, (self._target.users_url, self._target.orders_url))
                customers = self._open_accounts({basket.customer for basket in left})
                return self._place(left, customers)
        except Interruption:
            self._console.print("Stopped. Run the same command again to go on.")
            raise SystemExit(STOPPED) from None
        except CannotLogIn as refused:
            raise CannotProve(f"A customer could not be made: {refused}") from None

    def _open_accounts(self, names: set[str]) -> Mapping[str, Customer]:
        users_url, secret = self._target.users_url, self._target.secret
        customers = [Customer(self._api, users_url, secret, name) for name in sorted(names)]
        with progress(self._console, "Customers", len(customers)) as shown:
            for done, _ in enumerate(at_once(Customer.headers, customers, self._workers), 1):
                shown.reach(done)
        return dict(zip(sorted(names), customers, strict=True))

    def _place(self, baskets: Sequence[Basket], customers: Mapping[str, Customer]) -> Run:
        outcomes: list[OrderOutcome] = []
        states, started = Counter[str](), time.monotonic()

        def one(basket: Basket) -> OrderOutcome:
            return place(self._destination, customers[basket.customer], basket)

        with progress(self._console, "Orders", len(baskets)) as shown:
            for outcome in at_once(one, baskets, self._workers):
                self._journal.note(outcome)
                outcomes.append(outcome)
                states[outcome.state] += 1
                shown.reach(len(outcomes), _facts(states, time.monotonic() - started))
        return Run(outcomes, time.monotonic() - started)


def _facts(states: Counter[str], seconds: float) -> str:
    counts = ", ".join(f"{number:,} {state}" for state, number in states.most_common())
    return f"{states.total() / seconds:.1f}/s, {counts}"
