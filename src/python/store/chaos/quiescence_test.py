import time
from collections.abc import Iterator

import psycopg2
import pytest

from store.chaos.quiescence import Unrest, look, wait_for_calm
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
AT_REST = (
    "UPDATE orders SET state = 'rejected', step = NULL, ending = 'rejected', reason = 'expired';"
)
TAKEN = """
UPDATE webhook_deliveries SET state = 'delivered', delivered_at = now(), attempts = 1, answer = '204';
"""


@pytest.fixture
def url(postgres: FleetingServer) -> Iterator[str]:  # noqa: F811
    with postgres.fresh(postgres.template("calm", MIGRATIONS)) as config:
        yield config.url


def write(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()


def test_what_is_still_to_be_done_is_counted(url: str) -> None:
    assert look(url).is_over
    write(url, ORDER)
    assert look(url) == Unrest(orders=1)
    write(url, EVENT)
    assert look(url) == Unrest(orders=1, events=1)
    write(url, AT_REST + TAKEN)
    assert look(url).is_over


def test_a_database_that_does_not_answer_is_no_calm() -> None:
    nobody = look("postgresql://nobody@127.0.0.1:1/none")
    assert nobody == Unrest(unknown=True)
    assert not nobody.is_over


def test_patience_has_an_end(url: str) -> None:
    write(url, ORDER)
    before = time.monotonic()
    assert wait_for_calm(url, 0.2) == Unrest(orders=1)
    assert time.monotonic() - before < 5
