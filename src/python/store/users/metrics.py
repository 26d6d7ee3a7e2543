"""The metrics of users.

Counted when it is committed, or refused for good: a transaction that is rolled back counts nothing.
"""

import math
from itertools import product

from prometheus_client import Counter, Gauge

from store.metrics.ages import SeenAge

MAINTENANCE_SECONDS = 60.0

LOGINS = Counter("users_logins_total", "Tries to log in, by how they ended.", ["outcome"])
REGISTRATIONS = Counter(
    "users_registrations_total", "Registrations: of new e-mails, and of known ones.", ["outcome"]
)
REFRESHES = Counter(
    "users_refreshes_total", "Tries to refresh a session, by how they ended.", ["outcome"]
)
REUSES = Counter("users_refresh_reuses_total", "Sessions ended because an old token was shown.")
THROTTLED = Counter("users_throttled_total", "Requests refused for coming too often.", ["what"])
MAILS = Counter(
    "users_mails_total", "Mails by what became of a try to send them.", ["kind", "outcome"]
)
MAILS_WAITING = Gauge(
    "users_mails_waiting",
    "Mails that are owed and not yet sent, looked up once a minute; each process reports all.",
)
OLDEST_MAIL = SeenAge(
    "users_oldest_mail_seconds",
    "How long the oldest of them has been waiting; grows while nobody can look.",
    MAINTENANCE_SECONDS,
)
KEYS_MADE = Counter("users_signing_keys_made_total", "Signing keys made.")
KEY_REMAINING = Gauge(
    "users_signing_key_remaining_seconds",
    "Until the key that signs has signed for as long as it should, by the keys that the maintenance saw"
    " last; under 0 nobody has made its successor in time.",
)

LOGIN_OUTCOMES = ("ok", "wrong", "disabled", "throttled")
REGISTRATION_OUTCOMES = ("new", "known")
REFRESH_OUTCOMES = ("ok", "refused")
THROTTLES = ("place", "account", "own_password", "registrations", "mail_requests")
MAIL_KINDS = ("verify_email", "reset_password", "already_registered", "password_changed")
MAIL_OUTCOMES = ("sent", "failed", "given_up", "not_owed", "discarded")


# Every child is made at once, so that a rate sees the first event of each, too.
for _counter, _values in (
    (LOGINS, LOGIN_OUTCOMES),
    (REGISTRATIONS, REGISTRATION_OUTCOMES),
    (REFRESHES, REFRESH_OUTCOMES),
    (THROTTLED, THROTTLES),
):
    for _value in _values:
        _counter.labels(_value)
for _kind, _outcome in product(MAIL_KINDS, MAIL_OUTCOMES):
    MAILS.labels(_kind, _outcome)
KEY_REMAINING.set(math.nan)  # nobody has looked yet; 0 would be an alarm
