"""What libpq says when it cannot connect: whether that may pass.

It hands on no SQLSTATE while it connects, so its words have to do.
"""

# Nobody has answered: refused, timed out, no such name yet, or hung up.
_UNANSWERED = (
    "connection to server",
    "could not translate host name",
    "closed the connection",
    "could not receive data from server",
    "could not send data to server",
)
# Said by a server that is there and not yet, or no longer, ready.
_NOT_YET = (
    "starting up",
    "not yet accepting connections",
    "recovery mode",
    "shutting down",
    "too many clients",
    "remaining connection slots",
)
# What the two of them will never agree about, however long one waits.
_NEVER = ("FATAL:", "does not support SSL", "SSL error", "certificate")


def may_pass(said: str) -> bool:
    """Whether waiting may mend it: nobody answered, the name is not known, or the server is not ready yet.

    Whatever else a server refuses us for, such as a wrong password, is not mended by waiting.
    """
    if any(each in said for each in _NOT_YET):
        return True
    return any(each in said for each in _UNANSWERED) and not any(each in said for each in _NEVER)
