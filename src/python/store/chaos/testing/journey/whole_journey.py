"""The whole journey: every route, every call, every kind of failure, once."""

import contextlib

from store.chaos.alarms.buyers import browsing_buyers
from store.chaos.alarms.watched_store import WatchedStore
from store.chaos.basket import VISA
from store.chaos.testing.journey.account import AccountHolder, administer, send_a_forged_token
from store.chaos.testing.journey.buyer import DemoBuyer
from store.chaos.testing.journey.gateway import GatewayUser
from store.chaos.testing.journey.inventory_rpc import InventoryCaller
from store.chaos.testing.journey.outages import Outages, read_whatever_answers
from store.chaos.testing.journey.service_client import ServiceClient
from store.chaos.testing.journey.staff import CatalogueStaff
from store.chaos.testing.journey.subscribers import SubscriberPair, send_a_forged_payment_webhook
from store.devstack.accounts import CUSTOMER
from store.postgres.backup import back_up
from store.postgres.config import BackupConfig
from store.postgres.programs import installed
from store.server.errors import StoreError

BUYERS_A_SECOND = 2.0
FAULTY_CALLS = 3


class WholeJourney:
    """Everyone who uses a store, one after the other; others buy in the background meanwhile."""

    def __init__(self, watched: WatchedStore) -> None:
        store = watched.store
        self._watched, self._store = watched, store
        staff, self._admin_token = watched.tokens()
        self._staff = CatalogueStaff(store.inventory_url, staff)
        self._buyer = DemoBuyer(store, CUSTOMER, store.secrets.customer_password, staff)
        self._account = AccountHolder(store.users_url, store.folder / "mail")
        self._gateway = GatewayUser(store.gateway_url, store.secrets.payment_key)
        self._inventory = InventoryCaller(store.rpc_address, store.secrets.rpc_key)
        self._outages = Outages(watched)

    def run(self) -> None:
        """All of it; return when Prometheus has scraped its numbers."""
        with SubscriberPair(self._store.orders_urls[0], self._admin_token) as subscribers:
            with browsing_buyers(self._watched.target, BUYERS_A_SECOND):
                self._do_everything_once(subscribers)
                self._go_through_failures()
            subscribers.delete_the_refusing_one()
        self._inventory.close()
        self._watched.wait(self._has_scraped_the_dump, 60, "a scrape of the newest dump")
        self._watched.wait_for_a_scrape()

    def _do_everything_once(self, subscribers: SubscriberPair) -> None:
        self._staff.run()
        self._buyer.run()
        subscribers.run()
        send_a_forged_payment_webhook(self._store.orders_urls[0])
        send_a_forged_token(self._store.inventory_url)
        self._account.run()
        self._account.guess_passwords()
        administer(self._store.users_url, self._admin_token)
        self._back_up()
        self._gateway.run()
        held = self._inventory.run(self._buyer.sku)
        self._staff.read_reservation(held)

    def _back_up(self) -> None:
        """Dump a database; its service exposes the time of the dump soon."""
        folder = self._store.folder / "dumps"
        folder.mkdir()
        asked = {"DATABASE_URL": self._store.databases["orders"], "BACKUPS": str(folder)}
        back_up(BackupConfig.from_environ(asked), installed())

    def _has_scraped_the_dump(self) -> bool:
        return bool(self._watched.prometheus.query("database_newest_dump_timestamp_seconds > 0"))

    def _go_through_failures(self) -> None:
        self._gateway.inject_fault("error_500", FAULTY_CALLS)
        self._buyer.place(VISA, status=(201, 202))
        self._gateway.clear_faults()
        self._outages.stall_inventory()
        self._outages.kill_database_and_worker(self._use_every_service)

    def _use_every_service(self) -> None:
        store = self._store
        gateway = ServiceClient(store.gateway_url, store.secrets.payment_key)
        read_whatever_answers(
            [
                (ServiceClient(store.users_url, self._admin_token), "/v1/users?limit=1"),
                (ServiceClient(store.inventory_url), "/v1/products?limit=1"),
                (gateway, "/v1/payment_intents"),
                (self._buyer.orders, "/v1/orders"),
            ]
        )
        with contextlib.suppress(StoreError):
            self._inventory.run(self._buyer.sku)
