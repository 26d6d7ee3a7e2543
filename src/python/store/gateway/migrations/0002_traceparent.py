"""The trace of the call that an event tells of, so that whoever hears it continues that trace."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    # Not validated, since no row has one yet: the table is not read while everybody waits.
    db.execute_sql("""
        ALTER TABLE deliveries ADD COLUMN traceparent text,
            ADD CONSTRAINT deliveries_traceparent_form
            CHECK (traceparent ~ '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$') NOT VALID
    """)
