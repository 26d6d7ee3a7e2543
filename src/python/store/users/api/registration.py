"""Registering over HTTP, and verifying the e-mail."""

from store.users.api.account_schemas import AcceptedOut, EmailIn, RegisterIn, TokenIn
from store.users.api.dependencies import MAIL_MAY_COME, client_network, dependencies, users
from store.users.use_cases import registration
from store.users.use_cases.registration import Registration


@users.post("/users")
@users.arguments(RegisterIn)
@users.response(202, AcceptedOut)
def register(wanted: Registration) -> dict[str, str]:
    """Become a customer. The answer is the same if the e-mail is taken; its owner gets a mail."""
    registration.register(wanted, client_network(), dependencies().throttle)
    return MAIL_MAY_COME


@users.post("/email-verifications")
@users.arguments(EmailIn)
@users.response(202, AcceptedOut)
def resend_verification(wanted: dict[str, str]) -> dict[str, str]:
    """Have the mail that verifies an e-mail sent again."""
    registration.request_verification(wanted["email"], client_network(), dependencies().throttle)
    return MAIL_MAY_COME


@users.post("/email-verifications/confirm")
@users.arguments(TokenIn)
@users.response(204)
def verify_email(sent: dict[str, str]) -> None:
    """Verify the e-mail with the token that was mailed."""
    registration.verify_email(sent["token"])
