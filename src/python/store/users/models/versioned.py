"""Rows that are guarded by If-Match."""

from typing import Any

from peewee import IntegerField

from store.database.model import At, Id
from store.server.clock import now
from store.server.etags import StaleVersion
from store.users.models.tables import UsersTable


class Versioned(UsersTable):
    """A row whose changes must name the version they are meant for."""

    id = Id(primary_key=True)
    version = IntegerField(default=1)
    created_at = At()
    updated_at = At()

    def expect(self, version: int) -> None:
        """Raise StaleVersion unless this is the version that the caller has seen."""
        if self.version != version:
            raise StaleVersion

    def change(self, **changes: Any) -> None:
        """Write these columns as the next version; the row must be locked."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.version += 1
        self.updated_at = now()
        self.save()
