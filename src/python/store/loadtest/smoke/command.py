"""`proof smoke`: does a store that was just installed do what it is for? A real order says so."""

from dataclasses import dataclass, field
from typing import Self
from uuid import uuid4

import click

from store.cli.errors import reading_environ
from store.cli.interrupts import stopped_in_order
from store.loadtest.customers import FirstAdmin
from store.loadtest.smoke.customer import SmokeCustomer
from store.loadtest.smoke.product import SKU, SmokeProduct
from store.loadtest.smoke.steps import DeadlineApi, Steps, expect
from store.server.environ import Environ


@dataclass(frozen=True)
class InstalledStore:
    """The store to try: its addresses, somebody of its staff, and what to pay with."""

    users_url: str
    inventory_url: str
    orders_url: str
    email: str
    password: str = field(repr=False)
    payment_method: str
    gateway_url: str = ""

    @classmethod
    def from_environ(cls, env: Environ) -> Self:
        """USERS_URL, INVENTORY_URL, ORDERS_URL, GATEWAY_URL, ADMIN_EMAIL, ADMIN_PASSWORD, SMOKE_PAYMENT_METHOD."""
        return cls(
            users_url=env.text("USERS_URL").rstrip("/"),
            inventory_url=env.text("INVENTORY_URL").rstrip("/"),
            orders_url=env.text("ORDERS_URL").rstrip("/"),
            email=env.text("ADMIN_EMAIL"),
            password=env.text("ADMIN_PASSWORD"),
            payment_method=env.text("SMOKE_PAYMENT_METHOD", "pm_card_visa"),
            gateway_url=env.text("GATEWAY_URL", "").rstrip("/"),
        )

    def email_of(self, name: str) -> str:
        """An e-mail for a customer of that name: mails to it come to the staff's own mailbox."""
        box, _, domain = self.email.partition("@")
        return f"{box}+{name}@{domain}"


@click.command()
def smoke() -> None:
    """Place a real order at a store and give it back.

    Waits for the services, puts a product of its own on sale, registers a customer, orders, pays,
    cancels, and looks that stock and money are as before. In the end the product is off sale and
    the account deleted. Takes at most two minutes; it may be repeated at will.

    The environment says which store: USERS_URL, INVENTORY_URL, ORDERS_URL; ADMIN_EMAIL and
    ADMIN_PASSWORD of somebody who is staff; SMOKE_PAYMENT_METHOD (pm_card_visa); GATEWAY_URL, where
    buyers are sent for 3-D Secure, if that is the gateway that comes with the store.

    Exit status: 0 all is well, 1 a step failed, 2 the environment is wrong.
    """
    with reading_environ() as env:
        store = InstalledStore.from_environ(env)
    api = DeadlineApi()
    with stopped_in_order():
        try_out(store, api, Steps(api))
    click.echo("the smoke test has passed")


def try_out(store: InstalledStore, api: DeadlineApi, steps: Steps) -> None:
    """Take every step; SmokeFailed names the one that failed. What was taken is given back."""
    name = f"smoke-test-{uuid4().hex[:12]}"
    staff = FirstAdmin(api, store.users_url, store.email, store.password)
    product = SmokeProduct(staff, store.inventory_url)
    customer = SmokeCustomer(api, store.users_url, store.orders_url, store.email_of(name), name)
    with steps.step("staff logs in at users"):
        staff.token()
    with steps.step("inventory answers"):
        expect(api.call("GET", f"{store.inventory_url}/v1/products?limit=1"))
    with steps.step("orders answers"):
        expect(staff.call("GET", f"{store.orders_url}/v1/orders?limit=1"))
    if store.gateway_url:
        with steps.step("the gateway's page for 3-D Secure answers"):
            expect(api.call("GET", f"{store.gateway_url}/challenges/none"), 404)
    with steps.afterwards(f"{SKU} is off sale again", product.take_down):
        with steps.step(f"{SKU} is on sale"):
            product.put_on_sale(name)
            before = product.level()
        with steps.step("a customer registers and logs in"):
            customer.register()
        with steps.afterwards("the customer's account is deleted", customer.leave):
            buy_and_give_back(steps, product, customer, store.payment_method)
        with steps.step("the stock is as before"):
            product.refuse_other_level(*before)


def buy_and_give_back(
    steps: Steps, product: SmokeProduct, customer: SmokeCustomer, payment_method: str
) -> None:
    """An order through its whole life. Whatever fails, none is left that holds stock or money."""
    on_hand, reserved = product.level()
    with steps.afterwards("the order is cancelled and its money given back", customer.give_back):
        with steps.step("an order is placed"):
            order = customer.place(payment_method)
        with steps.step(f"order {order['id']} is confirmed"):
            customer.wait_until_confirmed(order)
        with steps.step("it has its stock"):
            product.refuse_other_level(on_hand - 1, reserved)
