"""Hands mails to an SMTP server."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from store.metrics.dependencies import CallOutcome, CallTimer, outcome_of_error

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

# RFC 5321, section 4.2.3: no such mailbox, not local, or the name is not allowed. Any other 5yz is
# about our log-in or our sender: a mistake to mend, after which the mail can still go.
_PERMANENT = frozenset({550, 551, 553})


class PermanentSmtpError(Exception):
    """The server does not take this mail, now or later."""

    outcome = CallOutcome.REFUSED


class TransientSmtpError(Exception):
    """The server cannot be reached or does not take the mail at the moment."""

    def __init__(self, reason: str, outcome: CallOutcome = CallOutcome.ERROR) -> None:
        super().__init__(reason)
        self.outcome = outcome


@dataclass(frozen=True)
class SmtpServer:
    """Where mails are handed in, and how; every step has `seconds` of time."""

    host: str
    port: int
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 10.0

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """`smtp://host:port` in clear text, `smtp+starttls://user:password@host` upgraded to TLS
        or not used at all (RFC 3207), `smtps://user:password@host` in TLS from the start (RFC 8314).

        ValueError, without the URL in it, if it is none of these.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("must be a URL") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(
                "must be smtp://, smtp+starttls:// or smtps:// with a host, or discard:"
            )
        if parts.password and parts.scheme == "smtp":
            raise ValueError("must be smtp+starttls:// or smtps:// to carry a password")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            scheme=parts.scheme,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over; PermanentSmtpError, TransientSmtpError, neither of which names an address."""
        call = CallTimer("mail", "send")
        try:
            self._hand_over(message)
        except (PermanentSmtpError, TransientSmtpError) as error:
            call.end(error.outcome)
            raise
        call.end(CallOutcome.OK)

    def _hand_over(self, message: EmailMessage) -> None:
        try:
            with self._connected() as connection:
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, _reason = next(iter(error.recipients.values()))
            raise _error_of(code) from None
        except smtplib.SMTPResponseException as error:
            raise _error_of(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            # smtplib calls it a lost connection when the server says nothing in time.
            outcome = outcome_of_error(error.__context__ or error)
            raise TransientSmtpError(type(error).__name__, outcome) from None

    def _connected(self) -> smtplib.SMTP:
        connection: smtplib.SMTP
        if self.scheme == "smtps":
            tls = ssl.create_default_context()
            connection = smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=tls)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
            if self.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _error_of(code: int) -> Exception:
    reason = f"the server answered {code}"
    return PermanentSmtpError(reason) if code in _PERMANENT else TransientSmtpError(reason)
