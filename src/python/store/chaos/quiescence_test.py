import time
from collections.abc import Iterator

import psycopg2
import pytest

from store.chaos.quiescence import PendingWork, pending_work, wait_until_quiescent
from store.database.testing import FleetingServer, postgres  # noqa: F401
from store.orders.models.tables import MIGRATIONS

ORDER = """
INSERT INTO orders (id, buyer_id, state, currency, payment_method, shipping_address, step, expires_at)
VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002', 'pending',
    'EUR', 'pm_card_visa', '{}', 'reserve', now());
"""
EVENT = """
INSERT INTO webhook_endpoints (id, url, sealed_secret, created_by)
VALUES ('00000000-0000-0000-0000-000000000003', 'https://example.com', 'x',
    '00000000-0000-0000-0000-000000000004');
INSERT INTO order_events (order_id, number, type)
VALUES ('00000000-0000-0000-0000-000000000001', 1, 'order.placed');
"""
SETTLED = (
    "UPDATE orders SET state = 'rejected', step = NULL, ending = 'rejected', reason = 'expired';"
)
DELIVERED = """
UPDATE webhook_deliveries SET state = 'delivered', delivered_at = now(), attempts = 1, answer = '204';
"""


@pytest.fixture
def url(postgres: FleetingServer) -> Iterator[str]:  # noqa: F811
    with postgres.fresh(postgres.template("quiescence", MIGRATIONS)) as config:
        yield config.url


def write(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()


def test_what_is_still_to_be_done_is_counted(url: str) -> None:
    assert pending_work(url).is_done
    write(url, ORDER)
    assert pending_work(url) == PendingWork(orders=1)
    write(url, EVENT)
    assert pending_work(url) == PendingWork(orders=1, events=1)
    write(url, SETTLED + DELIVERED)
    assert pending_work(url).is_done


def test_a_database_that_does_not_answer_is_not_quiescent() -> None:
    unknown = pending_work("postgresql://nobody@127.0.0.1:1/none")
    assert unknown == PendingWork(unknown=True)
    assert not unknown.is_done


def test_waiting_has_an_end(url: str) -> None:
    write(url, ORDER)
    before = time.monotonic()
    assert wait_until_quiescent(url, 0.2) == PendingWork(orders=1)
    assert time.monotonic() - before < 5
