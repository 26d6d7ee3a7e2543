"""What admins do with other people's accounts."""

from dataclasses import dataclass
from uuid import UUID

from store.auth.callers import Caller
from store.server.clock import now
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.users.errors import NotAnAdmin, OwnAccount
from store.users.models.audit import AuditEntry
from store.users.models.people import User, UserFilter
from store.users.models.sessions import Session
from store.users.models.tables import database

USERS_LIST = "users"


@dataclass(frozen=True)
class AccountChange:
    """What an admin changes about an account; None leaves it as it is."""

    role: str | None
    disabled: bool | None


def acting_admin(caller: Caller) -> None:
    """Lock all active admins; NotAnAdmin if the caller is no longer among them.

    A token may be minutes old. The lock lets one admin act at a time, so that two cannot demote
    each other.
    """
    if caller.id not in User.admins_for_update():
        raise NotAnAdmin


def list_users(caller: Caller, page: PageRequest, wanted: UserFilter) -> Page[User]:
    """People, newest first; NotAnAdmin."""
    after = page.after[0] if page.after else None
    with database.reading():
        _refuse_former_admin(caller)
        found = User.listed(wanted, after, page.limit + 1)
    return page_of(found, page.limit, lambda user: encode_cursor(USERS_LIST, user.id))


def user_of(caller: Caller, user_id: UUID) -> User:
    """One person; UnknownUser, NotAnAdmin."""
    with database.reading():
        _refuse_former_admin(caller)
        return User.existing(user_id)


def change_user(caller: Caller, user_id: UUID, version: int, wanted: AccountChange) -> User:
    """Give a person another role, disable or enable the account; OwnAccount, DeletedUser.

    Disabling ends its sessions. Admins cannot demote or disable themselves, so one is always left.
    A new role is in the tokens from the next refresh on.
    """
    role, disabled = wanted.role, wanted.disabled
    with database.transaction():
        acting_admin(caller)
        user = User.by_id_for_update(user_id)
        user.expect(version)
        user.refuse_if_deleted()
        if user.id == caller.id:
            raise OwnAccount
        if role is not None and role != user.role:
            AuditEntry.record("role_changed", user.id, caller.id, before=user.role, after=role)
            user.change(role=role)
        if disabled is not None and disabled != (user.disabled_at is not None):
            AuditEntry.record("disabled" if disabled else "enabled", user.id, caller.id)
            user.change(disabled_at=now() if disabled else None)
            if disabled:
                Session.end_all(user.id, "disabled")
    return user


def _refuse_former_admin(caller: Caller) -> None:
    if not User.is_active_admin(caller.id):
        raise NotAnAdmin
