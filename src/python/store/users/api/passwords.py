"""Forgotten and changed passwords over HTTP."""

from store.auth.http import current_caller, login_required
from store.users.api.account_schemas import AcceptedOut, ChangePasswordIn, EmailIn, ResetIn
from store.users.api.dependencies import MAIL_MAY_COME, client_network, dependencies, users
from store.users.use_cases import passwords


@users.post("/password-resets")
@users.arguments(EmailIn)
@users.response(202, AcceptedOut)
def request_reset(wanted: dict[str, str]) -> dict[str, str]:
    """Have a token mailed with which a new password can be chosen."""
    passwords.request_reset(wanted["email"], client_network(), dependencies().throttle)
    return MAIL_MAY_COME


@users.post("/password-resets/confirm")
@users.arguments(ResetIn)
@users.response(204)
def reset_password(wanted: dict[str, str]) -> None:
    """Choose a new password with the token that was mailed; all sessions end."""
    passwords.reset_password(wanted["token"], wanted["password"], dependencies().throttle)


@users.post("/users/me/password")
@login_required
@users.arguments(ChangePasswordIn)
@users.response(204)
def change_password(wanted: dict[str, str]) -> None:
    """Change your password; your other sessions end."""
    current, new = wanted["current_password"], wanted["new_password"]
    passwords.change_password(current_caller(), current, new, dependencies().throttle)
