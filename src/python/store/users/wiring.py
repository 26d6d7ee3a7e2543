"""The parts that the use cases work with, put together once."""

from dataclasses import dataclass

from store.database.cipher import Cipher
from store.users.access_tokens import Issuer
from store.users.config import Config
from store.users.outbox import Outbox
from store.users.signing_keys import Keyring
from store.users.throttling import Door


@dataclass(frozen=True)
class Wiring:
    """Everything that is made from the configuration."""

    cipher: Cipher
    keyring: Keyring
    issuer: Issuer
    door: Door
    outbox: Outbox

    @classmethod
    def of(cls, config: Config) -> "Wiring":
        """The parts as this configuration wants them."""
        cipher = Cipher(config.encryption_secrets)
        keyring = Keyring(cipher)
        return cls(
            cipher=cipher,
            keyring=keyring,
            issuer=Issuer(keyring, config.access_token_seconds),
            door=Door(cipher, config.registrations_per_hour),
            outbox=Outbox(config.smtp, config.mail_from, config.public_url),
        )
