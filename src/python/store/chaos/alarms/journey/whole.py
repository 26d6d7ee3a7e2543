"""The whole journey: every route, every call, every kind of failure, once."""

import contextlib

from store.chaos.alarms.crowd import crowd
from store.chaos.alarms.journey.asking import Service
from store.chaos.alarms.journey.bank import Bank
from store.chaos.alarms.journey.buyers import PASSES, Buyer
from store.chaos.alarms.journey.clients import Stockroom
from store.chaos.alarms.journey.mishaps import Mishaps, ask_in_vain
from store.chaos.alarms.journey.people import Person, administer, show_a_forged_token
from store.chaos.alarms.journey.staff import Shopkeeper
from store.chaos.alarms.journey.subscribers import Shops, forge_a_payment_webhook
from store.chaos.alarms.watched_store import WatchedStore
from store.devstack.accounts import CUSTOMER
from store.postgres.backup import back_up
from store.postgres.config import Keeping
from store.postgres.programs import installed
from store.server.errors import StoreError

BUYERS_A_SECOND = 2.0
CONFUSED_CALLS = 3


class WholeJourney:
    """Everybody who has to do with a store; others buy in the background meanwhile."""

    def __init__(self, watched: WatchedStore) -> None:
        store = watched.store
        self._watched, self._store = watched, store
        staff, self._admin_token = watched.tokens()
        self._shopkeeper = Shopkeeper(store.inventory_url, staff)
        self._buyer = Buyer(store, CUSTOMER, store.secrets.customer_password, staff)
        self._person = Person(store.users_url, store.folder / "mail")
        self._bank = Bank(store.gateway_url, store.secrets.payment_key)
        self._stockroom = Stockroom(store.rpc_address, store.secrets.rpc_key)
        self._mishaps = Mishaps(watched)

    def walk(self) -> None:
        """All of it; returns when Prometheus knows it."""
        with Shops(self._store.orders_urls[0], self._admin_token) as shops:
            with crowd(self._watched.target, BUYERS_A_SECOND):
                self._everything_once(shops)
                self._everything_that_goes_wrong()
            shops.close_the_refusing_one()
        self._stockroom.close()
        self._watched.wait(self._knows_the_dump, 60, "word of the newest dump")
        self._watched.wait_for_a_scrape()

    def _everything_once(self, shops: Shops) -> None:
        self._shopkeeper.walk()
        self._buyer.walk()
        shops.walk()
        forge_a_payment_webhook(self._store.orders_urls[0])
        show_a_forged_token(self._store.inventory_url)
        self._person.walk()
        self._person.guess_passwords()
        administer(self._store.users_url, self._admin_token)
        self._back_up()
        self._bank.walk()
        held = self._stockroom.walk(self._buyer.sku)
        self._shopkeeper.look_at_reservation(held)

    def _back_up(self) -> None:
        """A dump of a database, which its service tells of soon."""
        folder = self._store.folder / "dumps"
        folder.mkdir()
        asked = {"DATABASE_URL": self._store.databases["orders"], "BACKUPS": str(folder)}
        back_up(Keeping.from_environ(asked), installed())

    def _knows_the_dump(self) -> bool:
        return bool(self._watched.prometheus.query("database_newest_dump_timestamp_seconds > 0"))

    def _everything_that_goes_wrong(self) -> None:
        self._bank.confuse("error_500", CONFUSED_CALLS)
        self._buyer.place(PASSES, status=(201, 202))
        self._bank.behave()
        self._mishaps.stall_inventory()
        self._mishaps.be_without_database_and_worker(self._ask_everybody)

    def _ask_everybody(self) -> None:
        store = self._store
        ask_in_vain(
            [
                (Service(store.users_url, self._admin_token), "/v1/users?limit=1"),
                (Service(store.inventory_url), "/v1/products?limit=1"),
                (Service(store.gateway_url, store.secrets.payment_key), "/v1/payment_intents"),
                (self._buyer.orders, "/v1/orders"),
            ]
        )
        with contextlib.suppress(StoreError):
            self._stockroom.walk(self._buyer.sku)
