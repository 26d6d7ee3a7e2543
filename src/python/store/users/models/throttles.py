"""How often something was tried, counted for all replicas together."""

from datetime import datetime, timedelta

from peewee import BlobField, IntegerField

from store.database.model import At
from store.database.purge import purge_sql
from store.server.clock import now
from store.users.models.tables import UsersTable, database

_PURGE = purge_sql("throttles", "bucket", "resets_at < %s")


class Throttle(UsersTable):
    """A bucket of tries that empties itself at `resets_at`."""

    bucket = BlobField(primary_key=True)
    used = IntegerField()
    resets_at = At()

    class Meta:
        table_name = "throttles"

    @classmethod
    def take(cls, bucket: bytes, most: int, window: timedelta) -> float:
        """Use up one try: 0, or the seconds to wait if there is none left.

        A refused try does not count and does not move the reset, so that nobody can keep a bucket
        full for longer than its window. One statement: concurrent tries cannot pass together.
        """
        moment = now()
        taken = database.row(
            """INSERT INTO throttles AS t (bucket, used, resets_at) VALUES (%s, 1, %s)
            ON CONFLICT (bucket) DO UPDATE SET
                used = CASE WHEN t.resets_at <= %s THEN 1 ELSE t.used + 1 END,
                resets_at = CASE WHEN t.resets_at <= %s THEN excluded.resets_at ELSE t.resets_at END
            WHERE t.resets_at <= %s OR t.used < %s
            RETURNING used""",
            (bucket, moment + window, moment, moment, moment, most),
        )
        return 0.0 if taken else cls._seconds_left(bucket, moment)

    @classmethod
    def _seconds_left(cls, bucket: bytes, moment: datetime) -> float:
        full = cls.get_or_none(cls.bucket == bucket)
        return max((full.resets_at - moment).total_seconds(), 1.0) if full else 1.0

    @classmethod
    def give_back(cls, bucket: bytes) -> None:
        """Return the try that was taken: it was a good one."""
        cls.update(used=cls.used - 1).where((cls.bucket == bucket) & (cls.used > 0)).execute()

    @classmethod
    def empty(cls, bucket: bytes) -> None:
        database.run("DELETE FROM throttles WHERE bucket = %s", (bucket,))

    @classmethod
    def purge(cls, before: datetime, limit: int) -> int:
        return database.run(_PURGE, (before, limit))
