"""Ids as Stripe writes them: a prefix that says what it is, and letters and digits nobody guesses."""

import os
from string import ascii_letters, digits

_ALPHABET = (digits + ascii_letters).encode()
# One draw from the system for a whole id: 256 byte values fold onto 62 characters.
_FOLD = bytes(_ALPHABET[value % len(_ALPHABET)] for value in range(256))


def new_id(prefix: str, length: int = 24) -> str:
    """Such as `pi_3xGk...`; 24 characters carry more than 140 bits."""
    return f"{prefix}_{os.urandom(length).translate(_FOLD).decode()}"
