"""Starts a watched store, once: its numbers are those of what was done, whoever dies meanwhile."""

import bisect
import math
import time
from collections.abc import Iterator, Mapping

import pytest

from store.chaos.alarms.watched_store import WatchedStore
from store.chaos.basket import DECLINED, VISA
from store.chaos.testing.counters import exposed_total, growth, scraped_total, selector
from store.chaos.testing.journey.buyer import DemoBuyer
from store.chaos.testing.journey.inventory_rpc import InventoryCaller
from store.chaos.testing.journey.service_client import ServiceClient
from store.cli.figures import percentile
from store.devstack.accounts import CUSTOMER
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.loadtest.api import Api
from store.loadtest.load.plan import Fate, Mix, Plan
from store.loadtest.load.recorder import Action
from store.loadtest.load.traffic import Traffic
from store.metrics.http import BUCKETS
from store.monitoring.programs import prometheus_program
from store.monitoring.prometheus import Series
from store.monitoring.testing import needed
from store.testing.folders import short_folder

FACTOR = 20.0
READY_SECONDS = 60.0
PLACED = {"method": "POST", "route": "/v1/orders"}
LOG_IN = {"method": "POST", "route": "/v1/sessions"}
QUOTED = "store.inventory.v1.Inventory/Quote"
# Each with how often it is done below.
COUNTED: list[tuple[str, Mapping[str, str], int]] = [
    ("http_request_duration_seconds_count", {**PLACED, "status": "201"}, 8),
    ("http_request_duration_seconds_count", {**PLACED, "status": "422"}, 3),
    ("http_request_duration_seconds_count", {**LOG_IN, "status": "401"}, 5),
    ("rpc_request_duration_seconds_count", {"method": QUOTED, "code": "OK"}, 1),
    ("orders_total", {"state": "pending"}, 11),  # also what is not for sale
    ("orders_total", {"state": "confirmed"}, 5),
    ("orders_total", {"state": "rejected", "reason": "payment_declined"}, 2),
    ("orders_total", {"state": "rejected", "reason": "out_of_stock"}, 1),
    ("orders_total", {"state": "rejected", "reason": "unknown_sku"}, 3),
    ("orders_total", {"state": "cancelled"}, 1),
    ("users_logins_total", {"outcome": "ok"}, 2),
]


@pytest.fixture(scope="module")
def watched() -> Iterator[WatchedStore]:
    needed(prometheus_program)
    base = free_base(2, 1)
    with (
        short_folder() as folder,
        WatchedStore(folder, base, apis=2, factor=FACTOR, output=Output()) as watched,
    ):
        yield watched


@pytest.fixture(scope="module")
def buyer(watched: WatchedStore) -> DemoBuyer:
    staff, _ = watched.tokens()
    return DemoBuyer(watched.store, CUSTOMER, watched.store.secrets.customer_password, staff)


def test_what_was_done_so_often_is_counted_so_often(
    watched: WatchedStore, buyer: DemoBuyer
) -> None:
    watched.wait_for_a_scrape()
    before = {number: _both(watched, number) for number in range(len(COUNTED))}
    do_everything(watched, buyer)
    watched.wait_for_a_scrape()
    for number, (name, labels, times) in enumerate(COUNTED):
        grown = [
            now - then for now, then in zip(_both(watched, number), before[number], strict=True)
        ]
        assert grown == [times, times], f"{name} {labels}: exposed and scraped"


def do_everything(watched: WatchedStore, buyer: DemoBuyer) -> None:
    for _ in range(4):
        buyer.place(VISA)
    for _ in range(2):
        buyer.place(DECLINED)
    buyer.place(VISA, units=10_000)
    for _ in range(3):
        buyer.place(VISA, sku="NO-SUCH-SKU", status=422)
    order = buyer.place(VISA)
    buyer.orders.post(f"/v1/orders/{order['id']}/cancel", status=200)
    anonymous = ServiceClient(watched.store.users_url)
    for _ in range(5):
        anonymous.post("/v1/sessions", {"email": "nobody@example.com", "password": "x"}, status=401)
    watched.tokens()
    inventory = InventoryCaller(watched.store.rpc_address, watched.store.secrets.rpc_key)
    inventory.run(buyer.sku)
    inventory.close()


def _both(watched: WatchedStore, number: int) -> tuple[float, float]:
    name, labels, _ = COUNTED[number]
    exposed, scraped = (
        exposed_total(watched, name, **labels),
        scraped_total(watched, name, **labels),
    )
    return exposed, scraped


def test_rates_stay_right_when_a_worker_and_an_api_are_killed_and_come_back(
    watched: WatchedStore, buyer: DemoBuyer
) -> None:
    began = time.time()
    watched.wait_for_a_scrape()
    for _ in range(4):
        buyer.place(VISA)
    watched.wait_for_a_scrape()
    gone = [watched.store.targets[name] for name in ("orders-1", "orders-work")]
    for target in gone:
        target.kill()
    for target in gone:
        target.start()
    watched.store.wait_until_ready(READY_SECONDS)
    watched.wait_for_a_scrape()
    for _ in range(3):
        buyer.place(VISA)
    watched.wait_for_a_scrape()
    seconds = math.ceil(time.time() - began) + 1
    confirmed = selector("orders_total", state="confirmed")
    assert growth(watched.prometheus.scraped(confirmed, seconds)) == 7
    (increased,) = watched.prometheus.query(f"sum(increase({confirmed}[{seconds}s]))")
    # Prometheus extends what it has seen to the ends of the window: the more, the fewer scrapes a
    # busy machine has made. Never backwards, though, and never over again.
    assert 6.99 < increased.value < 14
    rates = f"sum by (instance) (rate({confirmed}[{round(4000 * watched.scrape_seconds)}ms]))"
    found = watched.prometheus.query_range(rates, began, time.time(), watched.scrape_seconds)
    values = [value for series in found for _, value in series.values]
    assert min(values) == 0 < max(values)
    assert 3.5 < sum(values) * watched.scrape_seconds < 14


def test_percentiles_agree_with_what_the_buyers_have_measured(watched: WatchedStore) -> None:
    began = time.time()
    mix = Mix(fates={Fate.KEPT: 1}, sent_twice=0, reads_timeline=0)
    plan = Plan(seed=3, rate=3, journeys=45, customers=4, think_seconds=0.05, mix=mix)
    api = Api(50)
    traffic = Traffic(api, watched.target, plan)
    traffic.prepare()
    watched.wait_for_a_scrape()
    recorder = traffic.run()
    watched.wait_for_a_scrape()
    api.close()
    measured = sorted(recorder.measured[Action.PLACE].seconds)
    assert len(measured) == 45
    buckets = selector("http_request_duration_seconds_bucket", job="orders", **PLACED)
    window = f"{round(time.time() - began)}s"
    for share in (0.5, 0.95, 0.99):
        asked = f"histogram_quantile({share}, sum by (le) (increase({buckets}[{window}])))"
        (found,) = watched.prometheus.query(asked)
        theirs, ours = found.value, percentile(measured, share)
        apart = bisect.bisect_left(BUCKETS, theirs) - bisect.bisect_left(BUCKETS, ours)
        assert abs(apart) <= 1, (
            f"p{share * 100:.0f}: {theirs:.3f} s, and the buyers say {ours:.3f} s"
        )


@pytest.mark.parametrize(
    ("values", "grown"),
    [([3, 5, 5, 9], 6), ([3, 5, 0, 2], 4), ([5, 1], 1), ([4], 0)],
)
def test_a_counter_that_falls_has_begun_again(values: list[float], grown: float) -> None:
    points = [(float(at), float(value)) for at, value in enumerate(values)]
    assert growth([Series({}, points)]) == grown
