"""What admins do with the keys that sign access tokens."""

from store.auth.callers import Caller
from store.database.cipher import Cipher
from store.users.credentials.signing_keys import published_keys, rotate
from store.users.models.audit import AuditEntry
from store.users.models.signing_keys import SigningKey
from store.users.models.tables import database
from store.users.use_cases.accounts import acting_admin


def rotate_signing_key(cipher: Cipher, caller: Caller) -> SigningKey:
    """Have the next key sign soon; a key that waits already is it. NotAnAdmin."""
    with database.transaction():
        acting_admin(caller)
        key = rotate(cipher, published_keys())
        AuditEntry.record("signing_key_rotated", None, caller.id, kid=key.kid)
    return key
