"""Rows that are guarded by If-Match."""

from typing import Any

import peewee

from store.database.model import Id, Table
from store.server.http.etags import StaleVersion


class Versioned(Table):
    """A row that callers change by naming the version they have seen."""

    id = Id()
    version = peewee.IntegerField(default=1)

    def expect(self, version: int) -> None:
        """StaleVersion unless this is the version that the caller has seen."""
        if self.version != version:
            raise StaleVersion

    def change(self, **fields: Any) -> None:
        """Write these columns as the next version; the row must be locked."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1
        self.save(only=[*fields, "version"])
