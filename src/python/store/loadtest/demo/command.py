"""`proof demo`: the catalogue of the demo, for a store that was installed rather than started by `up`."""

import csv
from pathlib import Path

import click

from store.cli.errors import Trouble, reading_environ
from store.cli.interrupts import stopped_in_order
from store.devstack import demo as catalogue
from store.devstack.rest import Rest
from store.loadtest.api import Api
from store.loadtest.customers import CannotLogIn, FirstAdmin

WAIT_SECONDS = 120.0
CONNECTIONS = 1


@click.command()
def demo() -> None:
    """Load the catalogue of the demo, unless it is there.

    Waits for the services. What has been loaded completely is not loaded again, so that prices and
    stock stay as they have become.

    The environment says which store: USERS_URL, INVENTORY_URL; ADMIN_EMAIL and ADMIN_PASSWORD of
    somebody who is staff.

    Exit status: 0 it is there, 1 it could not be loaded, 2 the environment is wrong.
    """
    with reading_environ() as env:
        users, inventory = (env.text(f"{name}_URL").rstrip("/") for name in ("USERS", "INVENTORY"))
        email, password = env.text("ADMIN_EMAIL"), env.text("ADMIN_PASSWORD")
    staff = FirstAdmin(Api(CONNECTIONS, WAIT_SECONDS), users, email, password)
    with stopped_in_order(), Rest(WAIT_SECONDS) as rest:
        token = _token(staff, inventory)
        for part in catalogue.parts():
            if _is_there(staff, inventory, part):
                click.echo(f"{part.stem} is there")
            else:
                catalogue.load(rest, inventory, token, part)
                click.echo(f"{part.stem} is loaded")


def _token(staff: FirstAdmin, inventory_url: str) -> str:
    """What lets staff in, once both services answer."""
    try:
        token = staff.token()
    except CannotLogIn as error:
        raise Trouble(str(error)) from None
    answer = staff.api.call("GET", f"{inventory_url}/v1/products?limit=1")
    if answer.status != 200:
        raise Trouble(f"{inventory_url} does not answer: {answer.status} {answer.code}")
    return token


def _is_there(staff: FirstAdmin, inventory_url: str, part: Path) -> bool:
    """Whether the row that is written last has got the price that is written last."""
    with part.open(newline="") as file:
        *_, last = csv.DictReader(file)
    answer = staff.call("GET", f"{inventory_url}/v1/variants/{last['sku']}")
    if answer.status not in {200, 404}:
        raise Trouble(f"{inventory_url} does not answer: {answer.status} {answer.code}")
    currencies = {price["currency"] for price in answer.body.get("prices", ())}
    return catalogue.LAST_CURRENCY in currencies
