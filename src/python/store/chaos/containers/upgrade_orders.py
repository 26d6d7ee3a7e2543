"""Which release took which orders, by the columns that src/docker/next-release adds."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg2

PREVIOUS, NEXT = "previous", "next"

# As JSON, because at first there is no such column.
_PLACED = """
SELECT coalesce(to_jsonb(o) ->> 'placed_by', 'previous'), count(*) FROM orders o
WHERE created_at >= %s AND created_at < %s GROUP BY 1
"""
_TAKEN_OVER = """
SELECT count(*) FROM orders o
WHERE to_jsonb(o) ->> 'placed_by' = 'previous' AND to_jsonb(o) ->> 'moved_by' = 'next'
"""
_LEFT_BEHIND = """
SELECT count(*) FROM pg_attribute
WHERE attrelid = 'orders'::regclass AND attname = 'never_there' AND NOT attisdropped
"""


class OrdersByRelease:
    """The orders database, read by the role `audit`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def placed(self, began: datetime, ended: datetime) -> Counter[str]:
        """How many orders each release has taken in this time."""
        with self._cursor() as cursor:
            cursor.execute(_PLACED, (began, ended))
            return Counter({str(release): int(number) for release, number in cursor})

    def taken_over(self) -> int:
        """How many orders of the previous release the next one has continued."""
        return self._count(_TAKEN_OVER)

    def has_half_a_migration(self) -> bool:
        """Whether anything is there of the migration that fails."""
        return self._count(_LEFT_BEHIND) > 0

    def _count(self, sql: str) -> int:
        with self._cursor() as cursor:
            cursor.execute(sql)
            [number] = cursor.fetchone() or (0,)
            return int(number)

    @contextmanager
    def _cursor(self) -> Iterator[psycopg2.extensions.cursor]:
        connection = psycopg2.connect(self._url, connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()
