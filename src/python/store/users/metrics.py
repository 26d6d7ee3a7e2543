"""What the shop wants to know about its people."""

from prometheus_client import Counter, Gauge

LOGINS = Counter("users_logins_total", "Tries to log in.", ["outcome"])
REGISTRATIONS = Counter("users_registrations_total", "Registrations.", ["outcome"])
REFRESHES = Counter("users_refreshes_total", "Tries to refresh a session.", ["outcome"])
REUSES = Counter("users_refresh_reuses_total", "Sessions ended because an old token was shown.")
THROTTLED = Counter("users_throttled_total", "Requests refused for coming too often.", ["what"])
MAILS = Counter(
    "users_mails_total", "Mails by what became of a try to send them.", ["kind", "outcome"]
)
MAILS_WAITING = Gauge("users_mails_waiting", "Mails that are owed and not yet sent.")
OLDEST_MAIL = Gauge("users_oldest_mail_seconds", "How long the oldest of them has been waiting.")
KEYS_MADE = Counter("users_signing_keys_made_total", "Signing keys made.")
