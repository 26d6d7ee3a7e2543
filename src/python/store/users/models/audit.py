"""Who did what. Rows are added and never changed: the database refuses it."""

from uuid import UUID

from peewee import TextField, UUIDField

from store.database.model import At, Id, Json
from store.server.clock import now
from store.server.ids import new_id
from store.server.telemetry.context import request_id
from store.users.models.tables import UsersTable


class AuditEntry(UsersTable):
    """One action. `facts` hold no secret and nothing by which a person can be known."""

    id = Id(primary_key=True)
    at = At()
    actor_id = UUIDField(null=True)
    action = TextField()
    subject_id = UUIDField(null=True)
    facts = Json()
    request_id = TextField(null=True)

    class Meta:
        table_name = "audit"

    @classmethod
    def record(
        cls, action: str, subject_id: UUID | None, actor_id: UUID | None = None, **facts: object
    ) -> None:
        """Record that the actor (else the subject) did this, in the transaction that does it."""
        cls.create(
            id=new_id(),
            at=now(),
            actor_id=actor_id or subject_id,
            action=action,
            subject_id=subject_id,
            facts=facts,
            request_id=request_id.get() or None,
        )
