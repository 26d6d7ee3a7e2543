"""`proof load`: whole customer journeys at a running store."""

import os
from pathlib import Path

import click
from rich.console import Console

from store.cli import options
from store.cli.console import open_console
from store.cli.errors import CannotProve, local_store
from store.cli.interrupts import Interruption, signals_call
from store.cli.progress import progress
from store.devstack.accounts import STAFF
from store.devstack.addresses import read_addresses
from store.devstack.folder import Folder
from store.devstack.secrets_file import read
from store.loadtest.api import Api, allow_many_connections
from store.loadtest.load.plan import Plan
from store.loadtest.load.recorder import Action, Recorder
from store.loadtest.load.report import as_json, show
from store.loadtest.load.traffic import MAX_CONCURRENT, Traffic
from store.loadtest.target import Credentials, Target, require_answers

STOPPED = 130
ANSWER_SECONDS = 15.0  # how long a buyer waits for one answer before he tries again
FILES = 4 * MAX_CONCURRENT  # open at the same time, when everything hangs


@click.command()
@click.option("--seed", default=1, show_default=True, help="The same seed asks for the same.")
@click.option("--rate", default=5.0, show_default=True, type=click.FloatRange(0.01, 1000),
              help="Journeys that begin a second; they never wait for answers.")  # fmt: skip
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1),
              help="How long journeys begin.")  # fmt: skip
@click.option("--journeys", type=click.IntRange(1), help="How many, instead of how long.")
@click.option("--customers", default=40, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--hot-sku", default="", help="The SKU that many want; else the seed picks one.")
@click.option("--patience", default=120.0, show_default=True, type=click.FloatRange(0),
              help="Seconds that a buyer repeats a request before it is a failure.")  # fmt: skip
@click.option("--json", "in_json", is_flag=True, help="Print JSON instead of tables.")
@options.data
@click.option(
    "--users-url", envvar="USERS_URL", show_envvar=True, help="Another store's users service."
)
@click.option(
    "--inventory-url", envvar="INVENTORY_URL", show_envvar=True, help="Its inventory service."
)
@click.option(
    "--orders-url",
    envvar="ORDERS_URL",
    show_envvar=True,
    help="Its orders service; several by commas.",
)
def load(
    seed: int,
    rate: float,
    seconds: float,
    journeys: int | None,
    customers: int,
    hot_sku: str,
    patience: float,
    in_json: bool,
    data: Path,
    users_url: str | None,
    inventory_url: str | None,
    orders_url: str | None,
) -> None:
    """Let buyers browse, order, pay, cancel and get refunds, and measure what they see.

    They arrive when the seed says, however slow the store is. Every request is repeated with the same
    Idempotency-Key, at another replica if there is one: what is still an error then is a failure.

    For another store than the local one, set LOAD_SECRET (any text; customers' passwords are derived
    from it), and STAFF_EMAIL and STAFF_PASSWORD if its staff is to ship and refund.

    Ctrl-C lets nobody else begin, and everybody under way finish; again, it breaks them off.

    Exit status: 0 nobody saw a failure, 1 somebody did, 2 it could not run, 130 it was broken off.
    """
    target = _target(Folder(data), users_url, inventory_url, orders_url)
    number = journeys or max(1, round(rate * seconds))
    plan = Plan(seed, rate, number, customers=customers, hot_sku=hot_sku)
    api = Api(MAX_CONCURRENT, patience, ANSWER_SECONDS)
    try:
        recorder = _run(api, target, plan, open_console(aside=in_json))
    except Interruption:
        raise SystemExit(STOPPED) from None
    if in_json:
        click.echo(as_json(plan, recorder))
    else:
        show(open_console(), plan, recorder)
    if api.stopping.is_set():
        raise SystemExit(STOPPED)
    raise SystemExit(1 if recorder.failures else 0)


def _run(api: Api, target: Target, plan: Plan, console: Console) -> Recorder:
    allow_many_connections(FILES)
    require_answers(api, target.services)
    traffic = Traffic(api, target, plan)

    def stop() -> None:
        # At Ctrl-C no further journey begins; at the next, those under way are broken off.
        if traffic.is_stopping:
            api.stopping.set()
        traffic.stop()

    with signals_call(stop):
        traffic.prepare()
        with progress(console, "Journeys", plan.journeys) as shown:
            return traffic.run(lambda seen: shown.reach(seen.finished, _facts(seen)))


def _facts(recorder: Recorder) -> str:
    """What is to be said while it runs."""
    placed = recorder.outcomes(Action.PLACE) + recorder.outcomes(Action.PLACE_TWICE)
    counts = ", ".join(f"{number:,} {outcome}" for outcome, number in placed.most_common())
    running, failed = recorder.started - recorder.finished, recorder.failures.total()
    return f"{recorder.rate:.1f}/s, {running:,} under way, {failed:,} failures; {counts}"


def _target(folder: Folder, users: str | None, inventory: str | None, orders: str | None) -> Target:
    if users and inventory and orders:
        secret = os.environ.get("LOAD_SECRET", "")
        if not secret:
            raise CannotProve("Set LOAD_SECRET: customers' passwords are derived from it.")
        email, password = os.environ.get("STAFF_EMAIL"), os.environ.get("STAFF_PASSWORD")
        staff = Credentials(email, password) if email and password else None
        return Target(users, inventory, tuple(orders.split(",")), staff, secret)
    if users or inventory or orders:
        raise CannotProve(
            "For another store than the local one, give USERS_URL, INVENTORY_URL and ORDERS_URL."
        )
    with local_store():
        ports, secrets = read_addresses(folder.addresses).ports, read(folder.secrets)
    urls = (ports.url("users"), ports.url("inventory"), (ports.url("orders"),))
    return Target(*urls, Credentials(STAFF, secrets.staff_password), secrets.replay)
