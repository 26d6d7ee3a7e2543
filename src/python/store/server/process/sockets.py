"""Take a port, or say in one line why not."""

import socket

from store.server.environ import BadEnviron


def listen(bind: str, port: int) -> socket.socket:
    """A listening TCP socket; BadEnviron when the address cannot be had."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    try:
        listener = socket.create_server((bind, port), family=family, backlog=1024)
    except OSError as error:
        raise BadEnviron(f"cannot listen on {bind}:{port}: {error.strerror}") from None
    # Answers are small: without this they wait for the acknowledgement of their own headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
