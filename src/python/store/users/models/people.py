"""People: who they are, their password's hash, where they live."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from peewee import TextField, UUIDField, fn

from store.auth.callers import Role
from store.database.model import At
from store.server.clock import now
from store.server.ids import new_id
from store.users.errors import AccountGone, DeletedUser, UnknownUser
from store.users.models.tables import UsersTable, VersionedTable, database


@dataclass(frozen=True)
class UserFilter:
    """Which people: the beginning of their e-mail, their role, their state; None is any."""

    email: str | None
    role: str | None
    state: str | None


class User(VersionedTable):
    """A person; after deletion only the id and the dates are left."""

    email = TextField(null=True)
    name = TextField()
    role = TextField()
    email_verified_at = At(null=True)
    disabled_at = At(null=True)
    deleted_at = At(null=True)

    class Meta:
        table_name = "users"

    @property
    def state(self) -> str:
        """`active`, `disabled` or `deleted`."""
        if self.deleted_at:
            return "deleted"
        return "disabled" if self.disabled_at else "active"

    @property
    def email_verified(self) -> bool:
        """True once the owner has shown the token that was mailed."""
        return self.email_verified_at is not None

    @classmethod
    def add_or_find(cls, email: str, name: str, role: Role = Role.CUSTOMER) -> tuple[UUID, bool]:
        """The id of the person with this e-mail, locked, and whether they have just been added.

        One statement either way: its work does not show whether the e-mail was known.
        """
        moment, candidate = now(), new_id()
        found = database.rows(
            """INSERT INTO users (id, email, name, role, version, created_at, updated_at)
            VALUES (%s, %s, %s, %s, 1, %s, %s)
            ON CONFLICT (lower(email) text_pattern_ops) DO UPDATE SET email = users.email
            RETURNING id""",
            (candidate, email, name, role.value, moment, moment),
        )
        user_id = found[0]["id"]
        return user_id, user_id == candidate

    @classmethod
    def with_email(cls, email: str) -> "User | None":
        """The person with this e-mail, however its letters are cased."""
        found: User | None = cls.select().where(fn.lower(cls.email) == fn.lower(email)).first()
        return found

    @classmethod
    def by_id_for_update(cls, user_id: UUID) -> "User":
        """The person, locked until the transaction ends; UnknownUser."""
        found: User | None = cls.select().where(cls.id == user_id).for_update().first()
        if found is None:
            raise UnknownUser
        return found

    @classmethod
    def active(cls, user_id: UUID) -> "User":
        """The person; AccountGone if deleted or disabled since the token was made."""
        return cls._active(cls.select().where(cls.id == user_id))

    @classmethod
    def active_for_update(cls, user_id: UUID) -> "User":
        """As `active`, locked until the transaction ends."""
        return cls._active(cls.select().where(cls.id == user_id).for_update())

    @classmethod
    def _active(cls, found: Any) -> "User":
        user: User | None = found.first()
        if user is None or user.state != "active":
            raise AccountGone
        return user

    @classmethod
    def existing(cls, user_id: UUID) -> "User":
        """The person; UnknownUser if there is none."""
        found = cls.get_or_none(cls.id == user_id)
        if found is None:
            raise UnknownUser
        return found

    @classmethod
    def admins_for_update(cls) -> set[UUID]:
        """Ids of the active admins, none of whom can change until the transaction ends.

        Rows are locked in the order of their ids, so that two admins at work cannot deadlock.
        """
        admins = cls.select(cls.id).where(cls._acts_as_admin()).order_by(cls.id)
        return {admin.id for admin in admins.for_update()}

    @classmethod
    def is_active_admin(cls, user_id: UUID) -> bool:
        return bool(cls.select().where((cls.id == user_id) & cls._acts_as_admin()).exists())

    @classmethod
    def _acts_as_admin(cls) -> Any:
        return (cls.role == Role.ADMIN.value) & cls.disabled_at.is_null()

    @classmethod
    def listed(cls, wanted: UserFilter, after: UUID | None, limit: int) -> list["User"]:
        found = cls.select().order_by(cls.id.desc()).limit(limit)
        if wanted.email:
            found = found.where(fn.starts_with(fn.lower(cls.email), fn.lower(wanted.email)))
        if wanted.role:
            found = found.where(cls.role == wanted.role)
        if wanted.state == "deleted":
            found = found.where(cls.deleted_at.is_null(False))
        elif wanted.state:
            is_active = wanted.state == "active"
            found = found.where(cls.deleted_at.is_null(), cls.disabled_at.is_null(is_active))
        if after:
            found = found.where(cls.id < after)
        return list(found)

    def refuse_if_deleted(self) -> None:
        """Raise DeletedUser if there is nobody left to change."""
        if self.deleted_at:
            raise DeletedUser

    def anonymise(self) -> None:
        """Forget everything by which the person can be known; the id stays for orders and the audit."""
        database.run("DELETE FROM credentials WHERE user_id = %s", (self.id,))
        self.change(
            email=None,
            name="",
            role=Role.CUSTOMER.value,
            email_verified_at=None,
            deleted_at=now(),
        )


class Credential(UsersTable):
    """How a person proves who they are: an Argon2id hash."""

    user_id = UUIDField(primary_key=True)
    password_hash = TextField()
    changed_at = At()

    class Meta:
        table_name = "credentials"

    @classmethod
    def add(cls, user_id: UUID, password_hash: str) -> None:
        """Keep a first hash; an existing one stays."""
        cls.insert(
            user_id=user_id, password_hash=password_hash, changed_at=now()
        ).on_conflict_ignore().execute()

    @classmethod
    def by_email(cls, email: str) -> tuple[User | None, str | None]:
        """The person with this e-mail and the hash of their password, or nothing twice."""
        theirs = User.select(User, cls.password_hash).join(cls, on=(cls.user_id == User.id))
        found = theirs.where(fn.lower(User.email) == fn.lower(email)).objects().first()
        return (found, found.password_hash) if found else (None, None)

    @classmethod
    def hash_of(cls, user_id: UUID) -> str:
        return str(cls.get(cls.user_id == user_id).password_hash)

    @classmethod
    def replace_hash(cls, user_id: UUID, password_hash: str) -> None:
        cls.update(password_hash=password_hash, changed_at=now()).where(
            cls.user_id == user_id
        ).execute()
