"""The tables' common ground: a base class and the columns every service uses.

    class Product(Table):
        id = Id()
        name = peewee.TextField()
        attributes = Json(default=dict)
        created_at = At(default=now)

        class Meta:
            database = database
            table_name = "products"

SQL that is written by hand takes `uuid.UUID` and aware datetimes as they are, and JSON as `jsonb(value)`.
"""

from datetime import datetime
from typing import Any

import orjson
import peewee
from psycopg2.extras import Json as Psycopg2Json

from store.server.ids import new_id


class Table(peewee.Model):
    """A row of one of our tables. Subclasses name their database and table in `Meta`."""


class Id(peewee.UUIDField):
    """The primary key: a UUID of version 7, so that later rows have greater ids."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"primary_key": True, "default": new_id, **options})


class At(peewee.DateTimeField):
    """A moment, `timestamptz`. Goes in and comes out aware and in UTC; a naive one is refused."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: Any) -> Any:
        """The moment as it goes to the database."""
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{self.name}: {value} has no time zone.")
        return super().db_value(value)  # type: ignore[no-untyped-call]


class Json(peewee.JSONField):
    """Anything JSON can say, as `jsonb`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(dumps=_dumps, loads=orjson.loads, **options)


def jsonb(value: object) -> Psycopg2Json:
    """A parameter for `rows`, `row` and `run` that goes into a `jsonb` column."""
    return Psycopg2Json(value, dumps=_dumps)


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()
