"""What admins do with other people's accounts."""

from uuid import UUID

from store.auth.callers import Caller
from store.server.clock import now
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.users.errors import NotAnAdmin, OwnAccount
from store.users.models.audit import AuditEntry
from store.users.models.people import User
from store.users.models.sessions import Session
from store.users.models.tables import database

USERS_LIST = "users"


def acting_admin(caller: Caller) -> set[UUID]:
    """The ids of all active admins, locked; NotAnAdmin if the caller is no longer among them.

    A token may be minutes old. The lock lets one admin act at a time, so that two cannot demote
    each other.
    """
    admins = User.admins_locked()
    if caller.id not in admins:
        raise NotAnAdmin
    return admins


def list_users(
    caller: Caller, page: PageRequest, *, email: str | None, role: str | None, state: str | None
) -> Page[User]:
    """People, newest first, filtered by the beginning of their e-mail, their role and state."""
    after = page.after[0] if page.after else None
    with database.reading():
        _refuse_former_admin(caller)
        found = User.listed(email, role, state, after, page.limit + 1)
    return page_of(found, page.limit, lambda user: encode_cursor(USERS_LIST, user.id))


def user_of(caller: Caller, user_id: UUID) -> User:
    """One person; UnknownUser if there is none."""
    with database.reading():
        _refuse_former_admin(caller)
        return User.existing(user_id)


def change_user(
    caller: Caller, user_id: UUID, version: int, *, role: str | None, disabled: bool | None
) -> User:
    """Give a person another role, shut them out or let them in again.

    Shutting out ends their sessions. Admins cannot demote or disable themselves, so one is always
    left. A new role is in the tokens from the next refresh on.
    """
    with database.transaction():
        acting_admin(caller)
        user = User.locked(user_id)
        user.expect(version)
        user.refuse_if_deleted()
        if user.id == caller.id:
            raise OwnAccount
        if role is not None and role != user.role:
            _set_role(caller, user, role)
        if disabled is not None and disabled != (user.disabled_at is not None):
            _set_disabled(caller, user, disabled)
    return user


def _set_role(caller: Caller, user: User, role: str) -> None:
    AuditEntry.record("role_changed", user.id, caller.id, before=user.role, after=role)
    user.change(role=role)


def _set_disabled(caller: Caller, user: User, disabled: bool) -> None:
    AuditEntry.record("disabled" if disabled else "enabled", user.id, caller.id)
    user.change(disabled_at=now() if disabled else None)
    if disabled:
        Session.end_all(user.id, "disabled")


def _refuse_former_admin(caller: Caller) -> None:
    if not User.is_active_admin(caller.id):
        raise NotAnAdmin
