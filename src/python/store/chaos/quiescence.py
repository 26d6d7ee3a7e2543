"""Waiting until a store has nothing left to do."""

import time
from contextlib import closing
from dataclasses import dataclass

import psycopg2

POLL_INTERVAL_SECONDS = 0.5
UNSETTLED = "SELECT count(*) FROM orders WHERE step IS NOT NULL"
UNDELIVERED = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"


@dataclass(frozen=True)
class PendingWork:
    """What is still to be done; `unknown` when the database did not answer."""

    orders: int = 0
    events: int = 0
    unknown: bool = False

    @property
    def is_done(self) -> bool:
        return not (self.orders or self.events or self.unknown)

    def __str__(self) -> str:
        if self.unknown:
            return "the database does not answer"
        return f"{self.orders} orders with a step to take, {self.events} events undelivered"


def wait_until_quiescent(orders_url: str, seconds: float) -> PendingWork:
    """Ask until nothing is left to do, for at most so many seconds: what is left then."""
    give_up = time.monotonic() + seconds
    while True:
        pending = pending_work(orders_url)
        if pending.is_done or time.monotonic() >= give_up:
            return pending
        time.sleep(POLL_INTERVAL_SECONDS)


def pending_work(orders_url: str) -> PendingWork:
    """How much is still to be done now."""
    try:
        connection = psycopg2.connect(orders_url, connect_timeout=5)
    except psycopg2.OperationalError:
        return PendingWork(unknown=True)
    with closing(connection):
        try:
            with connection.cursor() as cursor:
                return PendingWork(_count(cursor, UNSETTLED), _count(cursor, UNDELIVERED))
        except psycopg2.Error:
            return PendingWork(unknown=True)


def _count(cursor: psycopg2.extensions.cursor, sql: str) -> int:
    cursor.execute(sql)
    found = cursor.fetchone()
    return int(found[0]) if found else 0
