"""What the service is made of, put together once from its settings."""

from store.database.cipher import Cipher
from store.users.api.dependencies import UsersDependencies
from store.users.config import UsersConfig
from store.users.credentials.access_tokens import Issuer
from store.users.credentials.login_throttle import LoginThrottle
from store.users.credentials.signing_keys import Keyring
from store.users.mail.outbox import Outbox


def dependencies_of(config: UsersConfig) -> UsersDependencies:
    cipher = Cipher(config.encryption_secrets)
    keyring = Keyring(cipher)
    issuer = Issuer(keyring, config.access_token_seconds)
    throttle = LoginThrottle(cipher, config.registrations_per_hour)
    return UsersDependencies(cipher, keyring, issuer, throttle)


def outbox_of(config: UsersConfig) -> Outbox:
    return Outbox(config.smtp, config.mail_from, config.public_url)
