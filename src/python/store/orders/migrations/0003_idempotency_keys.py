"""Idempotency-Keys of buyers (placing) and staff (refunds)."""

from typing import Any

from store.database.idempotency import CREATE_TABLE


def up(migrator: Any, db: Any) -> None:
    db.execute_sql(CREATE_TABLE)
