"""Open-model traffic: buyers arrive when the plan says, however slow the store is."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from store.loadtest.accounts import open_accounts, staff_of
from store.loadtest.api import Api
from store.loadtest.customers import Account, Customer
from store.loadtest.load.actors import failures_recorded
from store.loadtest.load.intents import BuyerIntent, Item, arrivals, draw_intent
from store.loadtest.load.journey import Journey
from store.loadtest.load.plan import Plan
from store.loadtest.load.products import read_items
from store.loadtest.load.purchase import Purchase
from store.loadtest.load.recorder import Recorder
from store.loadtest.target import Target

MAX_CONCURRENT = 1000  # journeys under way; only when so many hang does an arrival wait
SHOWN_EVERY_SECONDS = 0.5
_log = logging.getLogger(__name__)


class Traffic:
    """One load on one store: `prepare`, then `run`. `recorder` can be read at any time."""

    def __init__(self, api: Api, target: Target, plan: Plan) -> None:
        self.recorder = Recorder()
        self._api, self._target, self._plan = api, target, plan
        # Another run of the same plan wants orders of its own, not the answers of the first.
        self._run = uuid4().hex[:12]
        self._stopping, self._over = threading.Event(), threading.Event()
        self._slots = threading.Semaphore(MAX_CONCURRENT)
        self._customers: Sequence[Customer] = ()
        self._staff: Account | None = None
        self._items: Sequence[Item] = ()

    def prepare(self) -> None:
        """Register and log in everybody, and read the catalogue; CannotProve if that fails."""
        self._customers = open_accounts(self._api, self._target, self._plan.customers)
        if self._target.staff is not None:
            self._staff = staff_of(self._api, self._target)
        self._items = read_items(self._api, self._target, self._plan)

    def run(self, shown: Callable[[Recorder], None] = lambda _: None) -> Recorder:
        """Let all journeys begin at their times, and wait until the last has ended.

        `shown` is called now and then with what has been recorded so far.
        """
        self.recorder.begin()
        threading.Thread(target=self._release, daemon=True).start()
        while not self._over.wait(SHOWN_EVERY_SECONDS):
            shown(self.recorder)
        self.recorder.end()
        shown(self.recorder)
        return self.recorder

    def stop(self) -> None:
        """Let no further journey begin; those under way go on to their end."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def _release(self) -> None:
        try:
            self._let_begin()
            for _ in range(MAX_CONCURRENT):  # all are back when every slot is free again
                self._slots.acquire()
        finally:
            self._over.set()

    def _let_begin(self) -> None:
        for number, at in enumerate(arrivals(self._plan)):
            due = self.recorder.began + at
            intent = draw_intent(self._plan, self._items, number)
            if self._stopping.wait(max(0.0, due - time.monotonic())):
                break
            self._slots.acquire()
            self.recorder.start(time.monotonic() - due)
            threading.Thread(target=self._journey, args=(intent, due), daemon=True).start()

    def _journey(self, intent: BuyerIntent, due: float) -> None:
        key = f"load-{self._run}-{intent.number}"
        purchase = Purchase(self._target, self.recorder, intent, key, self._plan.currency)
        customer = self._customers[intent.customer]
        try:
            with failures_recorded(self.recorder):
                Journey(customer, self._staff, purchase, due).walk()
        except Exception as error:
            _log.exception("journey %d broke off", intent.number)
            self.recorder.fail("journey", type(error).__name__)
        finally:
            self.recorder.finish()
            self._slots.release()
