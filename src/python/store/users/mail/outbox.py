"""Sends what is owed by mail. No request waits for SMTP, and no mail is lost."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from email_validator import validate_email

from store.database.cipher import new_token, token_hash
from store.metrics.dependencies import announce
from store.server.clock import now
from store.server.outbound.backoff import seconds_to_wait
from store.server.process.worker import repeat
from store.users.mail import letters
from store.users.mail.smtp import PermanentSmtpError, SmtpServer, TransientSmtpError
from store.users.metrics import MAILS
from store.users.models.mails import Mail
from store.users.models.one_time import OneTimeToken
from store.users.models.people import User
from store.users.models.tables import database

# Longer than all the steps of a slow SMTP server together.
LEASE = timedelta(minutes=3)
# RFC 5321, section 4.5.4.1, gives up after four or five days; nobody waits so long for a token.
GIVE_UP_AFTER = timedelta(days=2)
LONGEST_WAIT_SECONDS = 3600.0
IDLE_SECONDS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MailTemplate:
    """What mails of one kind are made of: text, page, and how long their token works, if they have one."""

    text: tuple[str, str]
    page: str
    token_hours: int = 0


TEMPLATES = {
    "verify_email": MailTemplate(letters.VERIFY_EMAIL, "verify-email", token_hours=48),
    "reset_password": MailTemplate(letters.RESET_PASSWORD, "reset-password", token_hours=1),
    "already_registered": MailTemplate(letters.ALREADY_REGISTERED, "forgot-password"),
    "password_changed": MailTemplate(letters.PASSWORD_CHANGED, "forgot-password"),
}


@dataclass(frozen=True)
class Outbox:
    """Where mails go, and what they say about where they come from.

    Without a server they are counted and thrown away, unwritten.
    """

    server: SmtpServer | None
    sender: str
    public_url: str

    def run(self) -> None:
        """Send mails as they become due, until the process stops."""
        if self.server is None:
            _log.warning("mails are thrown away: there is no mail server (SMTP_URL is discard:)")
        else:
            announce("mail", "send")
        repeat("mails", self.send_next, IDLE_SECONDS)

    def send_next(self) -> bool:
        """Try to send the mail that is due; False if there is none."""
        mail = Mail.lease_due(LEASE)
        if mail is None:
            return False
        MAILS.labels(mail.kind, self._send(mail)).inc()
        return True

    def _send(self, mail: Mail) -> str:
        """Try to send this mail; the outcome, as the metrics call it."""
        outcome = "sent"
        if self.server is None:
            outcome = "discarded"
        elif (message := self._message(mail)) is None:
            outcome = "not_owed"
        else:
            try:
                self.server.send(message)
            except TransientSmtpError as error:
                if now() - mail.written_at <= GIVE_UP_AFTER:
                    return self._try_later(mail, str(error))
                return self._give_up(mail, str(error))
            except PermanentSmtpError as error:
                return self._give_up(mail, str(error))
        with database.reading():
            Mail.done(mail.id)
        return outcome

    def _try_later(self, mail: Mail, error: str) -> str:
        wait = seconds_to_wait(mail.attempts, cap=LONGEST_WAIT_SECONDS)
        _log.warning("mail %s cannot be sent now (%s), again in %.0f s", mail.id, error, wait)
        with database.reading():
            Mail.try_later(mail.id, now() + timedelta(seconds=wait), error)
        return "failed"

    def _give_up(self, mail: Mail, error: str) -> str:
        _log.error("mail %s is given up: %s", mail.id, error)
        with database.reading():
            Mail.give_up(mail.id, error)
        return "given_up"

    def _message(self, mail: Mail) -> EmailMessage | None:
        """The mail as it goes out; None if its e-mail is nobody's or nothing is owed any more."""
        with database.transaction():
            user = User.with_email(mail.email)
            if user is None or not _is_owed(mail.kind, user):
                return None
            template = TEMPLATES[mail.kind]
            link, token, hours = f"{self.public_url}/{template.page}", "", template.token_hours
            if hours:
                token = new_token()
                expiry = now() + timedelta(hours=hours)
                OneTimeToken.issue(token_hash(token), user.id, mail.kind, expiry)
                # In the fragment, which browsers do not send: it stays out of logs and Referers.
                link = f"{link}#token={token}"
        subject, text = template.text
        message = EmailMessage()
        message["Subject"] = subject
        message["From"] = self.sender
        message["To"] = validate_email(str(user.email), check_deliverability=False).ascii_email
        message["Date"] = format_datetime(now())
        # The same at each try, so that a mail that came twice can be recognised.
        message["Message-ID"] = f"<{mail.id}@{letters.SHOP}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is to answer by machine
        message.set_content(text.format(shop=letters.SHOP, link=link, token=token, hours=hours))
        return message


def _is_owed(kind: str, user: User) -> bool:
    if kind == "verify_email":
        return user.state == "active" and not user.email_verified
    return user.state == "active" or kind != "reset_password"
