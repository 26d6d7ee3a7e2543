"""Log in, refresh, log out."""

from datetime import timedelta
from uuid import UUID

from store.auth.callers import Caller, Role
from store.database.cipher import new_token, open_as_holder, seal_for_holder, token_hash
from store.server.clock import now
from store.users.credentials.access_tokens import Issuer, Tokens
from store.users.credentials.login_throttle import LoginOrigin, LoginThrottle
from store.users.credentials.password_hashes import hash_password, is_outdated, is_password
from store.users.errors import (
    AccountDisabled,
    AccountGone,
    BadRefreshToken,
    Throttled,
    WrongCredentials,
)
from store.users.metrics import LOGINS, REFRESHES, REUSES
from store.users.models.audit import AuditEntry
from store.users.models.people import Credential, User
from store.users.models.sessions import RefreshToken, Session
from store.users.models.tables import database

# How long after its first use a refresh token may be shown again, by a client that has lost the
# answer: it gets the same successor, unless that has been used, which proves the answer arrived.
# Enough for a client's time-out and a retry. Longer, and a thief could keep up with the owner.
LOST_ANSWER_GRACE = timedelta(seconds=60)

_LOGIN_OUTCOMES = {WrongCredentials: "wrong", AccountDisabled: "disabled", Throttled: "throttled"}


def log_in(
    email: str, password: str, origin: LoginOrigin, throttle: LoginThrottle, issuer: Issuer
) -> tuple[Tokens, str]:
    """Start a session. Returns its tokens, and the cookie that the device shows from now on.

    WrongCredentials, Throttled or AccountDisabled. An unknown e-mail costs the same statements and
    the same hash as a wrong password.
    """
    try:
        with database.reading():
            throttle.admit_login(email, origin)
            user, password_hash = Credential.by_email(email)
        if not is_password(password, password_hash) or user is None or password_hash is None:
            raise WrongCredentials
        new_hash = hash_password(password) if is_outdated(password_hash) else password_hash
        with database.transaction():
            _check_owner_again(user.id, password_hash, new_hash)
            session, token = Session.start(user.id), new_token()
            RefreshToken.issue(session.id, token_hash(token))
            AuditEntry.record("logged_in", user.id, user.id, session=str(session.id))
            tokens = issuer.tokens(Caller(user.id, Role(user.role), session.id), token)
            # Last: all who come from a network share its counter, so hold its row shortly.
            device = throttle.record_login(email, origin)
    except (WrongCredentials, AccountDisabled, Throttled) as refusal:
        LOGINS.labels(_LOGIN_OUTCOMES[type(refusal)]).inc()
        raise
    LOGINS.labels("ok").inc()
    return tokens, device


def _check_owner_again(user_id: UUID, checked_hash: str, new_hash: str) -> None:
    """Look again under a lock: while we hashed, the password or the account may have changed."""
    user = User.by_id_for_update(user_id)
    if user.deleted_at or Credential.hash_of(user_id) != checked_hash:
        raise WrongCredentials
    if user.disabled_at:
        raise AccountDisabled
    if new_hash != checked_hash:
        Credential.replace_hash(user_id, new_hash)


def refresh(token: str, issuer: Issuer) -> Tokens:
    """Give the next pair of tokens for a refresh token; BadRefreshToken if it is not good.

    Each token works once. A used one that is shown again ends the session, since either the client
    or a thief holds a copy; the exception is LOST_ANSWER_GRACE.
    """
    try:
        with database.transaction():
            found = _successor_of(token)
            if found:
                session, successor = found
                user = User.active(session.user_id)
                tokens = issuer.tokens(Caller(user.id, Role(user.role), session.id), successor)
        if not found:  # after the commit, so that a session whose token was reused stays ended
            raise BadRefreshToken
    except (BadRefreshToken, AccountGone):
        REFRESHES.labels("refused").inc()
        raise
    REFRESHES.labels("ok").inc()
    return tokens


def _successor_of(token: str) -> tuple[Session, str] | None:
    """The session and the next refresh token; None, with the session ended, for a reused one."""
    digest = token_hash(token)
    session = Session.by_token_for_update(digest)
    if session is None or not session.live:
        return None
    shown = RefreshToken.with_hash(digest)
    if shown.used_at is None:
        successor = new_token()
        shown.use(seal_for_holder(token, successor))
        RefreshToken.issue(session.id, token_hash(successor))
        session.keep_alive()
        return session, successor
    if shown.sealed_successor is not None and now() - shown.used_at <= LOST_ANSWER_GRACE:
        successor = open_as_holder(token, bytes(shown.sealed_successor))
        if RefreshToken.is_unused(token_hash(successor)):
            return session, successor
    Session.end(session.id, "token_reused")
    AuditEntry.record("refresh_token_reused", session.user_id, None, session=str(session.id))
    database.on_commit(REUSES.inc)
    return None


def log_out(caller: Caller) -> None:
    """End the session of the caller's token. The token itself expires within minutes."""
    with database.transaction():
        if caller.session_id and Session.end(caller.session_id, "logged_out"):
            AuditEntry.record("logged_out", caller.id, caller.id, session=str(caller.session_id))


def log_out_everywhere(caller: Caller) -> None:
    with database.transaction():
        ended = Session.end_all(caller.id, "logged_out")
        AuditEntry.record("logged_out_everywhere", caller.id, caller.id, sessions=ended)
