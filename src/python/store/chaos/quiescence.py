"""Waiting until a store has come to rest."""

import time
from dataclasses import dataclass

import psycopg2

LOOK_SECONDS = 0.5
UNSETTLED = "SELECT count(*) FROM orders WHERE step IS NOT NULL"
UNDELIVERED = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"


@dataclass(frozen=True)
class Unrest:
    """What is still to be done; `unknown` when the database did not answer."""

    orders: int = 0
    events: int = 0
    unknown: bool = False

    @property
    def is_over(self) -> bool:
        return not (self.orders or self.events or self.unknown)

    def __str__(self) -> str:
        if self.unknown:
            return "the database does not answer"
        return f"{self.orders} orders on their way, {self.events} events undelivered"


def wait_for_calm(orders_url: str, seconds: float) -> Unrest:
    """Look until nothing is left to do, for at most so many seconds: what is left then."""
    give_up = time.monotonic() + seconds
    while True:
        unrest = look(orders_url)
        if unrest.is_over or time.monotonic() >= give_up:
            return unrest
        time.sleep(LOOK_SECONDS)


def look(orders_url: str) -> Unrest:
    """How much is still to be done now."""
    try:
        connection = psycopg2.connect(orders_url, connect_timeout=5)
    except psycopg2.OperationalError:
        return Unrest(unknown=True)
    try:
        with connection.cursor() as cursor:
            return Unrest(_count(cursor, UNSETTLED), _count(cursor, UNDELIVERED))
    except psycopg2.Error:
        return Unrest(unknown=True)
    finally:
        connection.close()


def _count(cursor: psycopg2.extensions.cursor, sql: str) -> int:
    cursor.execute(sql)
    found = cursor.fetchone()
    return int(found[0]) if found else 0
