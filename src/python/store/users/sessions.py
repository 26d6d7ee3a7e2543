"""Log in, refresh, log out."""

from datetime import timedelta
from uuid import UUID

from store.auth.callers import Caller, Role
from store.database.cipher import new_token, open_as_holder, seal_for_holder, token_hash
from store.server.clock import now
from store.users.access_tokens import Issuer, Tokens
from store.users.errors import (
    AccountDisabled,
    AccountGone,
    BadRefreshToken,
    Throttled,
    WrongCredentials,
)
from store.users.hashing import hash_password, is_outdated, is_password
from store.users.metrics import LOGINS, REFRESHES, REUSES
from store.users.models.audit import AuditEntry
from store.users.models.people import Credential, User
from store.users.models.sessions import RefreshToken, Session
from store.users.models.tables import database
from store.users.throttling import Door, Origin

# How long after its first use a refresh token may be shown again, by a client that has lost the
# answer: it gets the same successor, unless that has been used, which proves the answer arrived.
# Enough for a client's time-out and a retry. Longer, and a thief could keep step with the owner.
LOST_ANSWER_GRACE = timedelta(seconds=60)

_REFUSED = {WrongCredentials: "wrong", AccountDisabled: "disabled", Throttled: "throttled"}


def log_in(
    email: str, password: str, origin: Origin, door: Door, issuer: Issuer
) -> tuple[Tokens, str]:
    """Start a session, and say what the device is to show from now on.

    WrongCredentials, Throttled or AccountDisabled. An unknown e-mail costs the same statements and
    the same hash as a wrong password.
    """
    try:
        admitted = _let_in(email, password, origin, door, issuer)
    except (WrongCredentials, AccountDisabled, Throttled) as refusal:
        LOGINS.labels(_REFUSED[type(refusal)]).inc()
        raise
    LOGINS.labels("ok").inc()
    return admitted


def _let_in(
    email: str, password: str, origin: Origin, door: Door, issuer: Issuer
) -> tuple[Tokens, str]:
    with database.reading():
        door.admit_login(email, origin)
        user, password_hash = Credential.by_email(email)
    if not is_password(password, password_hash) or user is None or password_hash is None:
        raise WrongCredentials
    fresh_hash = hash_password(password) if is_outdated(password_hash) else password_hash
    with database.transaction():
        _admit_owner(user.id, password_hash, fresh_hash)
        tokens = _start_session(user, issuer)
        # Last: the counters of a place are shared by everybody there, so hold them shortly.
        device = door.welcome(email, origin)
    return tokens, device


def _admit_owner(user_id: UUID, checked_hash: str, fresh_hash: str) -> None:
    """Look again under a lock: while we hashed, the password or the account may have changed."""
    user = User.locked(user_id)
    if user.deleted_at or Credential.hash_of(user_id) != checked_hash:
        raise WrongCredentials
    if user.disabled_at:
        raise AccountDisabled
    if fresh_hash != checked_hash:
        Credential.replace_hash(user_id, fresh_hash)


def _start_session(user: User, issuer: Issuer) -> Tokens:
    session, token = Session.start(user.id), new_token()
    RefreshToken.issue(session.id, token_hash(token))
    AuditEntry.record("logged_in", user.id, user.id, session=str(session.id))
    return issuer.tokens(Caller(user.id, Role(user.role), session.id), token)


def refresh(token: str, issuer: Issuer) -> Tokens:
    """Give the next pair of tokens for a refresh token; BadRefreshToken if it is not good.

    Each token works once. A used one that is shown again ends the session, since either the client
    or a thief holds a copy; the exception is LOST_ANSWER_GRACE.
    """
    try:
        tokens = _next_tokens(token, issuer)
    except (BadRefreshToken, AccountGone):
        REFRESHES.labels("refused").inc()
        raise
    REFRESHES.labels("ok").inc()
    return tokens


def _next_tokens(token: str, issuer: Issuer) -> Tokens:
    with database.transaction():
        found = _successor_of(token)
        tokens = issuer.tokens(_owner_of(found[0]), found[1]) if found else None
    if tokens is None:
        raise BadRefreshToken
    return tokens


def _owner_of(session: Session) -> Caller:
    user = User.active(session.user_id)
    return Caller(user.id, Role(user.role), session.id)


def _successor_of(token: str) -> tuple[Session, str] | None:
    """The session and the next refresh token; None, with the session ended, for a reused one."""
    digest = token_hash(token)
    session = Session.locked_by_token(digest)
    if session is None or not session.live:
        return None
    shown = RefreshToken.with_hash(digest)
    successor = _rotate(session, shown, token) if shown.used_at is None else _repeat(shown, token)
    if successor is None:
        _end_reused(session)
        return None
    return session, successor


def _rotate(session: Session, shown: RefreshToken, token: str) -> str:
    successor = new_token()
    shown.use(seal_for_holder(token, successor))
    RefreshToken.issue(session.id, token_hash(successor))
    session.keep_alive()
    return successor


def _repeat(shown: RefreshToken, token: str) -> str | None:
    if shown.sealed_successor is None or now() - shown.used_at > LOST_ANSWER_GRACE:
        return None
    successor = open_as_holder(token, bytes(shown.sealed_successor))
    return successor if RefreshToken.is_unused(token_hash(successor)) else None


def _end_reused(session: Session) -> None:
    Session.end(session.id, "token_reused")
    AuditEntry.record("refresh_token_reused", session.user_id, None, session=str(session.id))
    database.on_commit(REUSES.inc)


def log_out(caller: Caller) -> None:
    """End the session that the caller's token is of. The token itself runs out within minutes."""
    with database.transaction():
        if caller.session_id and Session.end(caller.session_id, "logged_out"):
            AuditEntry.record("logged_out", caller.id, caller.id, session=str(caller.session_id))


def log_out_everywhere(caller: Caller) -> None:
    """End all sessions of the caller."""
    with database.transaction():
        ended = Session.end_all(caller.id, "logged_out")
        AuditEntry.record("logged_out_everywhere", caller.id, caller.id, sessions=ended)
