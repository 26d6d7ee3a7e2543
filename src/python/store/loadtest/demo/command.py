"""`proof demo`: the catalogue of the demo, for a store that was installed rather than started by `up`."""

import csv
from pathlib import Path

import click

from store.cli.errors import reading_environ
from store.cli.interrupts import stopped_in_order
from store.devstack import demo as catalogue
from store.devstack.errors import Trouble
from store.devstack.rest import Refused, Rest
from store.loadtest.api import Api
from store.loadtest.customers import CannotLogIn, Newcomer

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
    with stopped_in_order(), Rest(WAIT_SECONDS) as rest:
        token = _token(Newcomer(Api(CONNECTIONS, WAIT_SECONDS), users, email, password), inventory)
        for part in catalogue.parts():
            if _is_there(rest, inventory, token, part):
                click.echo(f"{part.stem} is there")
            else:
                catalogue.load(rest, inventory, token, part)
                click.echo(f"{part.stem} is loaded")


def _token(staff: Newcomer, inventory_url: str) -> str:
    """What lets staff in, once both services answer."""
    try:
        token = staff.token()
    except CannotLogIn as error:
        raise Trouble(str(error)) from None
    answer = staff.api.call("GET", f"{inventory_url}/v1/products?limit=1")
    if answer.status != 200:
        raise Trouble(f"{inventory_url} does not answer: {answer.status} {answer.code}")
    return token


def _is_there(rest: Rest, inventory_url: str, token: str, part: Path) -> bool:
    """Whether the row that is written last has got the price that is written last."""
    with part.open(newline="") as file:
        *_, last = csv.DictReader(file)
    try:
        variant = rest.call("GET", f"{inventory_url}/v1/variants/{last['sku']}", token=token).json()
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    return catalogue.LAST_CURRENCY in {price["currency"] for price in variant["prices"]}
