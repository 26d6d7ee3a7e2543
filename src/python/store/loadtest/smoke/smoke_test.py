"""A real store, once, as `helm test` and an installation's demo meet it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import psycopg2
import pytest
from click.testing import CliRunner, Result

from store.audit.testing.small_store import audit_of
from store.chaos.own_store import OwnStore
from store.devstack.accounts import ADMIN
from store.devstack.demo import LAST_CURRENCY
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.loadtest.demo.command import demo
from store.loadtest.smoke.command import smoke
from store.server.grpc.testing import closed_at_first
from store.testing.folders import short_folder
from store.testing.wait import wait_for

LEVELS = "SELECT on_hand, reserved FROM stock WHERE sku = 'SMOKE-TEST'"
STEPS = [
    "staff logs in at users",
    "inventory answers",
    "orders answers",
    "the gateway's page for 3-D Secure answers",
    "SMOKE-TEST is on sale",
    "a customer registers and logs in",
    "an order is placed",
    "order * is confirmed",
    "it has its stock",
    "the order is cancelled and its money given back",
    "the customer's account is deleted",
    "the stock is as before",
    "SMOKE-TEST is off sale again",
]


@pytest.fixture(scope="module")
def store() -> Iterator[OwnStore]:
    with short_folder() as folder:
        own = OwnStore(folder / "own", free_base(), apis=1, workers=1, output=Output())
        with own:
            yield own


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The commands write nothing where they are: it is read-only in a container."""
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []


def run(command: click.Command, store: OwnStore, **changes: str) -> Result:
    environ = {
        "USERS_URL": store.users_url,
        "INVENTORY_URL": f"{store.inventory_url}/",
        "ORDERS_URL": store.orders_urls[0],
        "GATEWAY_URL": store.gateway_url,
        "ADMIN_EMAIL": ADMIN,
        "ADMIN_PASSWORD": store.secrets.admin_password,
        **changes,
    }
    return CliRunner().invoke(command, [], env=environ)


def rows(store: OwnStore, service: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg2.connect(store.databases[service]) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
    connection.close()
    return found


def steps_of(result: Result) -> list[str]:
    """What was done, without how long it took; the id of the order is `*`."""
    lines = [line.rpartition(" (")[0] for line in result.stdout.splitlines() if "ok  " in line]
    return [
        f"order * {line[43:]}" if line.startswith("order ") else line
        for line in (line.removeprefix("ok  ") for line in lines)
    ]


def refuse_leftovers(store: OwnStore) -> None:
    """Nothing is on its way, the books fit, no account is left, and the product is off sale."""
    wait_for(lambda: not rows(store, "orders", "SELECT 1 FROM orders WHERE step IS NOT NULL"), 20)
    assert audit_of(store.databases, grace=0).found == 0
    accounts = rows(store, "users", "SELECT email FROM users WHERE email LIKE '%+smoke%'")
    assert accounts == []
    assert rows(store, "inventory", LEVELS) == [(1, 0)]
    assert rows(store, "inventory", "SELECT status FROM products WHERE title = 'Smoke test'") == [
        ("draft",)
    ]


def test_a_real_order_goes_through_and_leaves_everything_as_it_was(store: OwnStore) -> None:
    for _ in range(2):  # the first makes the product, the second finds it
        result = run(smoke, store)
        assert result.exit_code == 0, result.output
        assert result.output.splitlines()[-1] == "the smoke test has passed"
        assert steps_of(result) == STEPS
        assert store.secrets.admin_password not in result.output
        refuse_leftovers(store)
    states = rows(store, "orders", "SELECT state, count(*) FROM orders GROUP BY state")
    assert states == [("cancelled", 2)]
    refunded = "SELECT state, amount FROM refunds"
    assert rows(store, "orders", refunded) == [("succeeded", 500)] * 2
    assert rows(store, "gateway", "SELECT status, amount FROM refunds") == [("succeeded", 500)] * 2


@pytest.mark.parametrize("command", [smoke, demo])
def test_a_network_that_is_not_open_yet_is_waited_for(
    store: OwnStore, command: click.Command
) -> None:
    urls = {
        "USERS_URL": store.users_url,
        "INVENTORY_URL": store.inventory_url,
        "ORDERS_URL": store.orders_urls[0],
        "GATEWAY_URL": store.gateway_url,
    }
    with ExitStack() as doors:
        for name, url in urls.items():
            door = doors.enter_context(closed_at_first(urlsplit(url).port or 80, 5))
            urls[name] = f"http://127.0.0.1:{door}"
        began = time.monotonic()
        result = run(command, store, **urls)
    assert result.exit_code == 0, result.output
    assert time.monotonic() - began > 5
    assert "failed" not in result.output


def test_a_card_that_declines_is_the_last_line_and_nothing_is_left(store: OwnStore) -> None:
    result = run(smoke, store, SMOKE_PAYMENT_METHOD="pm_card_chargeDeclined")
    assert result.exit_code == 1
    last = result.output.splitlines()[-1]
    assert last.startswith('Error: the smoke test failed at "order ')
    assert last.endswith(
        ' is confirmed": it is rejected (payment_declined, canceled, generic_decline)'
    )
    refuse_leftovers(store)


def test_a_card_that_asks_its_owner_fails_and_the_order_is_taken_back(store: OwnStore) -> None:
    result = run(smoke, store, SMOKE_PAYMENT_METHOD="pm_card_authenticationRequired")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith("is awaiting_payment (requires_action)")
    assert "ok  the order is cancelled and its money given back" in result.output
    refuse_leftovers(store)


def test_a_wrong_password_of_the_admin_is_told_by_status_and_code(
    store: OwnStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.loadtest.customers.BETWEEN_LOG_INS", 0.01)
    result = run(smoke, store, ADMIN_PASSWORD="not the password")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: the smoke test failed at "staff logs in at users": '
        f"{ADMIN} cannot log in: 401 wrong_credentials\n"
    )


def test_the_demo_leaves_what_is_there_as_it_is(store: OwnStore) -> None:
    before = rows(store, "inventory", "SELECT count(*), max(id::text) FROM stock_movements")
    result = run(demo, store)
    assert (result.exit_code, result.output.count("is there\n")) == (0, 8)
    after = rows(store, "inventory", "SELECT count(*), max(id::text) FROM stock_movements")
    assert after == before


def test_what_was_loaded_in_part_is_loaded_again(store: OwnStore) -> None:
    prices = f"SELECT count(*) FROM prices WHERE currency = '{LAST_CURRENCY}'"
    before = rows(store, "inventory", prices)
    last = "SELECT id FROM variants WHERE sku LIKE 'SOAP%'"
    rows(store, "inventory", f"DELETE FROM prices WHERE currency = '{LAST_CURRENCY}'")
    assert rows(store, "inventory", last) != []
    result = run(demo, store)
    assert (result.exit_code, result.output.count("is loaded\n")) == (0, 8)
    assert rows(store, "inventory", prices) == before
