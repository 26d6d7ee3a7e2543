"""What libpq says when it cannot connect: whether that may pass.

It hands on no SQLSTATE while it connects, so its words have to do.
"""

# Said by a server that is there and not yet, or no longer, ready.
_NOT_YET = (
    "starting up",
    "not yet accepting connections",
    "recovery mode",
    "shutting down",
    "too many clients",
    "remaining connection slots",
    "terminating connection",
)
# What the two of them will never agree about, however long one waits.
_NEVER = ("FATAL:", "does not support SSL", "certificate", "no password supplied")


def may_pass(said: str) -> bool:
    """Whether waiting may mend it: nobody answered, hung up, the name is not known, or the server is not ready.

    What a server refuses us for, such as a wrong password, is not mended by waiting.
    """
    return any(each in said for each in _NOT_YET) or not any(each in said for each in _NEVER)
