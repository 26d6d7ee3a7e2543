"""Idempotency-Keys of buyers (placing) and staff (refunds)."""

from store.database.idempotency import CREATE_TABLE


def up(migrator, db):
    db.execute_sql(CREATE_TABLE)
