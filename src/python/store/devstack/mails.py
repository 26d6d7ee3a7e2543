"""A mail server for one machine: every mail lands in a folder, as a file a person can read."""

import email
import email.policy
import itertools
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from store.devstack.ports import HOST
from store.server.clock import now

TAKEN = "250 Taken"


class MailFolder:
    """What aiosmtpd hands each mail to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Write the mail under a name that sorts by time and names the receiver."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        receiver = envelope.rcpt_tos[0] if envelope.rcpt_tos else "nobody"
        plain = re.sub(r"[^A-Za-z0-9@.+-]", "_", receiver)[:100]
        name = f"{now():%Y%m%d-%H%M%S}-{next(self._numbers):03d}-{plain}.eml"
        new = self._path / f".{name}"
        new.write_bytes(readable(raw))
        new.rename(self._path / name)
        return TAKEN


def serve_mails(path: Path, port: int) -> Controller:
    """Take mails on this port until its `stop()` is called."""
    controller = Controller(MailFolder(path), hostname=HOST, port=port)
    controller.start()
    return controller


def readable(raw: bytes) -> bytes:
    """The same mail with its texts as they are, not in base64 or quoted-printable."""
    mail = email.message_from_bytes(raw, policy=email.policy.default.clone(cte_type="8bit"))
    for part in mail.walk():
        if isinstance(part, EmailMessage) and part.get_content_maintype() == "text":
            part.set_content(part.get_content(), subtype=part.get_content_subtype(), cte="8bit")
    return mail.as_bytes()
