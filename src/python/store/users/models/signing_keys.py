"""The keys that sign access tokens: the public half open, the private half sealed."""

from datetime import datetime
from typing import Any

from peewee import BlobField, TextField

from store.database.model import At, Json
from store.users.models.tables import UsersTable, database

# Any fixed number, known to every replica: whoever holds it may add or retire keys.
_ROTATION_LOCK = 7_305_217_110


class SigningKey(UsersTable):
    """Published from `created_at`, signs from `signs_from` until the next one does."""

    kid = TextField(primary_key=True)
    public_jwk = Json()
    sealed_private = BlobField()
    created_at = At()
    signs_from = At()

    class Meta:
        table_name = "signing_keys"

    @classmethod
    def lock_rotation(cls) -> None:
        """Wait until no other replica rotates; until the transaction ends, this one may."""
        database.row("SELECT pg_advisory_xact_lock(%s)", (_ROTATION_LOCK,))

    @classmethod
    def oldest_first(cls) -> list["SigningKey"]:
        """All keys that are published, in the order in which they sign."""
        return list(cls.select().order_by(cls.signs_from))

    @classmethod
    def add(
        cls,
        public_jwk: dict[str, Any],
        sealed_private: bytes,
        created_at: datetime,
        signs_from: datetime,
    ) -> "SigningKey":
        return cls.create(
            kid=public_jwk["kid"],
            public_jwk=public_jwk,
            sealed_private=sealed_private,
            created_at=created_at,
            signs_from=signs_from,
        )

    @classmethod
    def remove(cls, kid: str) -> None:
        database.run("DELETE FROM signing_keys WHERE kid = %s", (kid,))
