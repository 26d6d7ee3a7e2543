"""Test messages that an API process asks a worker to send, and what came of each."""

from typing import Any


def up(migrator: Any, db: Any) -> None:
    db.execute_sql("""
        -- A row lives for seconds and is worth nothing after a crash: not logged.
        CREATE UNLOGGED TABLE webhook_trials (
            id uuid PRIMARY KEY,
            endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
            requested_at timestamptz NOT NULL DEFAULT now(),
            -- A worker has it in hand. It is sent once, so nobody else takes it then.
            claimed_at timestamptz,
            taken boolean,
            answer text,
            CHECK ((taken IS NULL) = (answer IS NULL)),
            CHECK (answer IS NULL OR claimed_at IS NOT NULL)
        );
    """)
