"""Sessions: families of refresh tokens, of which at most one is unused at any time."""

from datetime import datetime, timedelta
from uuid import UUID

from peewee import BlobField, TextField, UUIDField

from store.database.model import At, Id
from store.database.purge import purge_sql
from store.server.clock import now
from store.server.ids import new_id
from store.users.models.tables import UsersTable, database

# NIST SP 800-63B-4, section 2.1.3 (AAL1): log in again after 30 days at the latest.
LIFE = timedelta(days=30)
IDLE = timedelta(days=14)

_PURGE = purge_sql("sessions", "id", "least(idle_until, ended_at) < %s")


class Session(UsersTable):
    """One log-in on one device."""

    id = Id(primary_key=True)
    user_id = UUIDField()
    started_at = At()
    idle_until = At()
    expires_at = At()
    ended_at = At(null=True)
    ended_because = TextField(null=True)

    class Meta:
        table_name = "sessions"

    @classmethod
    def start(cls, user_id: UUID) -> "Session":
        """Begin a session; its first refresh token is to be added."""
        moment = now()
        return cls.create(
            id=new_id(),
            user_id=user_id,
            started_at=moment,
            idle_until=moment + IDLE,
            expires_at=moment + LIFE,
        )

    @classmethod
    def by_token_for_update(cls, token_hash: bytes) -> "Session | None":
        family = RefreshToken.select(RefreshToken.session_id).where(
            RefreshToken.token_hash == token_hash
        )
        found: Session | None = cls.select().where(cls.id.in_(family)).for_update().first()
        return found

    @property
    def live(self) -> bool:
        """True while it has neither been ended nor run out."""
        return self.ended_at is None and now() < self.idle_until

    def keep_alive(self) -> None:
        self.idle_until = min(now() + IDLE, self.expires_at)
        self.save(only=["idle_until"])

    @classmethod
    def end(cls, session_id: UUID, because: str) -> int:
        """End one session; 0 if it has ended before."""
        return cls._end(cls.id == session_id, because)

    @classmethod
    def end_all(cls, user_id: UUID, because: str, *, but: UUID | None = None) -> int:
        """End every session of a person, but for one: how many that were."""
        theirs = cls.user_id == user_id
        return cls._end(theirs & (cls.id != but) if but else theirs, because)

    @classmethod
    def _end(cls, which: object, because: str) -> int:
        ending = cls.update(ended_at=now(), ended_because=because)
        return int(ending.where(which, cls.ended_at.is_null()).execute())

    @classmethod
    def purge(cls, before: datetime, limit: int) -> int:
        """Forget sessions that nobody can use since `before`, and their tokens."""
        return database.run(_PURGE, (before, limit))


class RefreshToken(UsersTable):
    """A token's hash, and once it is used its successor, sealed so that only its holder reads it."""

    token_hash = BlobField(primary_key=True)
    session_id = UUIDField()
    issued_at = At()
    used_at = At(null=True)
    sealed_successor = BlobField(null=True)

    class Meta:
        table_name = "refresh_tokens"

    @classmethod
    def issue(cls, session_id: UUID, token_hash: bytes) -> None:
        """Keep the hash of the one token that can refresh this session next."""
        cls.insert(token_hash=token_hash, session_id=session_id, issued_at=now()).execute()

    @classmethod
    def with_hash(cls, token_hash: bytes) -> "RefreshToken":
        """The token; its session must be locked."""
        return cls.get(cls.token_hash == token_hash)

    @classmethod
    def is_unused(cls, token_hash: bytes) -> bool:
        return bool(
            cls.select().where((cls.token_hash == token_hash) & cls.used_at.is_null()).exists()
        )

    def use(self, sealed_successor: bytes) -> None:
        self.used_at = now()
        self.sealed_successor = sealed_successor
        self.save(only=["used_at", "sealed_successor"])
