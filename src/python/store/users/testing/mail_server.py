"""A mail server for tests."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope


class MailServer:
    """A real SMTP server that keeps what it is handed."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.port = free_port()
        self.answer = "250 OK"

    @classmethod
    @contextmanager
    def open(cls, **options: Any) -> "Iterator[MailServer]":
        """A server on a port of its own; `options` are those of aiosmtpd's Controller."""
        server = cls()
        controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
        controller.start()
        try:
            yield server
        finally:
            controller.stop()

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            content = cast(bytes, envelope.content)
            self.letters.append(message_from_bytes(content, policy=policy.default))
        return self.answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
