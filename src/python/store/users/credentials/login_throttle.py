"""How often somebody may try, counted in the database so that it holds for all replicas.

Log-ins are counted two ways. From one network address there may be many failures, since offices
and phone networks share addresses. For one account there may be few from strangers, wherever they
come from. A device that has logged in to the account before is no stranger: it carries a cookie
that says so, and is counted apart. So nobody can lock owners out of the devices they use by keeping
the strangers' bucket full. Buckets empty themselves after a window that further tries do not
prolong, and a password reset empties the strangers' at once.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from store.database.cipher import Cipher, new_token
from store.users.errors import Throttled
from store.users.metrics import THROTTLED
from store.users.models.throttles import Throttle

WINDOW = timedelta(minutes=15)
FAILURES_FROM_A_NETWORK = 100
FAILURES_FOR_AN_ACCOUNT = 10

MAIL_WINDOW = timedelta(hours=1)
MAILS_TO_AN_ADDRESS = 5
MAIL_REQUESTS_FROM_A_NETWORK = 50


@dataclass(frozen=True)
class ClientNetwork:
    """Where a request comes from: an IPv4 address, or the /64 that a customer of IPv6 has."""

    name: str

    @classmethod
    def of(cls, address: str | None) -> "ClientNetwork":
        """The network of an address; all that cannot be read are one."""
        try:
            found = ip_address(address or "")
        except ValueError:
            return cls("unknown")
        if not isinstance(found, IPv6Address):
            return cls(str(found))
        if found.ipv4_mapped:
            return cls(str(found.ipv4_mapped))
        return cls(found.packed[:8].hex())


@dataclass(frozen=True)
class LoginOrigin:
    """Where a log-in comes from: its network, and the cookie that its device has, if any."""

    network: ClientNetwork
    device: str = ""


class LoginThrottle:
    """Refuses who has tried too often. It takes e-mails, not accounts: it does not know which exist."""

    def __init__(self, cipher: Cipher, registrations_per_hour: int) -> None:
        self._cipher = cipher
        self._registrations_per_hour = registrations_per_hour

    def admit_login(self, email: str, origin: LoginOrigin) -> None:
        """Count a try to log in; Throttled if there were too many failures."""
        network, account = self._login_buckets(email, origin)
        _admit("place", network, FAILURES_FROM_A_NETWORK, WINDOW)
        _admit("account", account, FAILURES_FOR_AN_ACCOUNT, WINDOW)

    def record_login(self, email: str, origin: LoginOrigin) -> str:
        """Uncount a try that was good. Returns the cookie that the device shows the next time."""
        network, account = self._login_buckets(email, origin)
        Throttle.give_back(network)
        Throttle.empty(account)
        if self._is_cookie_of(origin.device, email):
            return origin.device
        return self._cookie(new_token(), email)

    def admit_password_change(self, user_id: UUID) -> None:
        """Count a try to name one's own password; Throttled if there were too many failures."""
        _admit("own_password", self._own_bucket(user_id), FAILURES_FOR_AN_ACCOUNT, WINDOW)

    def forget_failures(self, user_id: UUID, email: str) -> None:
        """Count anew for an owner who has proven to be it."""
        Throttle.empty(self._own_bucket(user_id))
        Throttle.empty(self._strangers_bucket(email))

    def admit_registration(self, network: ClientNetwork) -> None:
        """Count a registration; Throttled if there were too many from this network."""
        bucket = self._cipher.fingerprint("registrations", network.name)
        _admit("registrations", bucket, self._registrations_per_hour, timedelta(hours=1))

    def admit_mail_request(self, network: ClientNetwork) -> None:
        """Count a request for a mail; Throttled if there were too many from this network."""
        bucket = self._cipher.fingerprint("mail requests", network.name)
        _admit("mail_requests", bucket, MAIL_REQUESTS_FROM_A_NETWORK, MAIL_WINDOW)

    def may_mail(self, email: str, about: str) -> bool:
        """Whether another mail may go to this e-mail, so that no mailbox is flooded.

        Each subject is counted apart, so that none can use up the mails of another.
        """
        bucket = self._cipher.fingerprint("mails", about, email.lower())
        return not Throttle.take(bucket, MAILS_TO_AN_ADDRESS, MAIL_WINDOW)

    def _login_buckets(self, email: str, origin: LoginOrigin) -> tuple[bytes, bytes]:
        """The bucket of the network, and that of the account: the device's own, or the strangers'."""
        network = self._cipher.fingerprint("failures", origin.network.name)
        if self._is_cookie_of(origin.device, email):
            return network, self._cipher.fingerprint("device", origin.device)
        return network, self._strangers_bucket(email)

    def _strangers_bucket(self, email: str) -> bytes:
        return self._cipher.fingerprint("strangers", email.lower())

    def _own_bucket(self, user_id: UUID) -> bytes:
        return self._cipher.fingerprint("own password", str(user_id))

    def _is_cookie_of(self, cookie: str, email: str) -> bool:
        """Whether we gave this cookie, and for this account."""
        expected = self._cookie(cookie.partition(".")[0], email)
        return hmac.compare_digest(expected.encode(), cookie.encode())

    def _cookie(self, name: str, email: str) -> str:
        return f"{name}.{self._cipher.fingerprint('introduced', name, email.lower()).hex()}"


def _admit(what: str, bucket: bytes, most: int, window: timedelta) -> None:
    if wait := Throttle.take(bucket, most, window):
        THROTTLED.labels(what).inc()
        raise Throttled(wait)
