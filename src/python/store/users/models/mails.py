"""Mails that are owed: written in the transaction of their cause, sent later."""

from datetime import datetime, timedelta
from uuid import UUID

from peewee import IntegerField, TextField

from store.database.model import At, Id
from store.database.purge import purge_sql
from store.server.clock import now
from store.server.ids import new_id
from store.users.models.tables import UsersTable, database

_PURGE = purge_sql("mails", "id", "given_up_at < %s")


class Mail(UsersTable):
    """A mail to be sent. It holds no token: that is made when the mail is sent."""

    id = Id(primary_key=True)
    kind = TextField()
    email = TextField()
    written_at = At()
    attempts = IntegerField(default=0)
    next_attempt_at = At()
    given_up_at = At(null=True)
    last_error = TextField(null=True)

    class Meta:
        table_name = "mails"

    @classmethod
    def owe(cls, kind: str, email: str) -> None:
        moment = now()
        cls.create(id=new_id(), kind=kind, email=email, written_at=moment, next_attempt_at=moment)

    @classmethod
    def lease_due(cls, lease: timedelta) -> "Mail | None":
        """The mail that is due the longest, this caller's alone for the time of the lease.

        If the caller dies, it is due again afterwards: a mail may come twice, but never not at all.
        """
        moment = now()
        leased = database.row(
            """UPDATE mails SET attempts = attempts + 1, next_attempt_at = %s WHERE id = (
                SELECT id FROM mails WHERE next_attempt_at <= %s AND given_up_at IS NULL
                ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING *""",
            (moment + lease, moment),
        )
        return cls(**leased) if leased else None

    @classmethod
    def done(cls, mail_id: UUID) -> None:
        """Forget a mail that has been sent, or that nobody is owed any more."""
        database.run("DELETE FROM mails WHERE id = %s", (mail_id,))

    @classmethod
    def try_later(cls, mail_id: UUID, at: datetime, error: str) -> None:
        cls.update(next_attempt_at=at, last_error=error).where(cls.id == mail_id).execute()

    @classmethod
    def give_up(cls, mail_id: UUID, error: str) -> None:
        """Note that it cannot be sent; ops find it here."""
        cls.update(given_up_at=now(), last_error=error).where(cls.id == mail_id).execute()

    @classmethod
    def backlog(cls) -> tuple[int, float]:
        """How many mails are waiting, and the age of the oldest in seconds."""
        waiting = database.rows(
            """SELECT count(*) AS many, min(written_at) AS since FROM mails
            WHERE given_up_at IS NULL"""
        )[0]
        since = waiting["since"]
        return waiting["many"], (now() - since).total_seconds() if since else 0.0

    @classmethod
    def forget_to(cls, email: str) -> None:
        database.run("DELETE FROM mails WHERE lower(email) = lower(%s)", (email,))

    @classmethod
    def purge(cls, before: datetime, limit: int) -> int:
        return database.run(_PURGE, (before, limit))
