"""Tokens that were mailed, and work once."""

from datetime import datetime
from uuid import UUID

from peewee import BlobField, TextField, UUIDField

from store.database.model import At
from store.database.purge import purge_sql
from store.server.clock import now
from store.users.models.tables import UsersTable, database

_PURGE = purge_sql("one_time_tokens", "token_hash", "expires_at < %s")


class OneTimeToken(UsersTable):
    """The hash of a token that its owner got by mail."""

    token_hash = BlobField(primary_key=True)
    user_id = UUIDField()
    purpose = TextField()
    expires_at = At()

    class Meta:
        table_name = "one_time_tokens"

    @classmethod
    def issue(cls, token_hash: bytes, user_id: UUID, purpose: str, expires_at: datetime) -> None:
        """Keep a token's hash; earlier ones of the same purpose stay valid, their mails are out."""
        cls.insert(
            token_hash=token_hash, user_id=user_id, purpose=purpose, expires_at=expires_at
        ).execute()

    @classmethod
    def owner(cls, token_hash: bytes, purpose: str) -> UUID | None:
        """Whose token this is, if it is still good."""
        good = (cls.token_hash == token_hash) & (cls.purpose == purpose) & (cls.expires_at > now())
        found = cls.get_or_none(good)
        return found.user_id if found else None

    @classmethod
    def spend(cls, token_hash: bytes, purpose: str) -> UUID | None:
        """Whose token this is, if it is still good; it works no more."""
        spent = database.row(
            """DELETE FROM one_time_tokens
            WHERE token_hash = %s AND purpose = %s AND expires_at > %s RETURNING user_id""",
            (token_hash, purpose, now()),
        )
        return spent["user_id"] if spent else None

    @classmethod
    def forget(cls, user_id: UUID, *purposes: str) -> None:
        database.run(
            "DELETE FROM one_time_tokens WHERE user_id = %s AND purpose = ANY(%s)",
            (user_id, list(purposes)),
        )

    @classmethod
    def purge(cls, before: datetime, limit: int) -> int:
        return database.run(_PURGE, (before, limit))
