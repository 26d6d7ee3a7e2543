"""How often strangers may try, counted in the database so that it holds for all replicas.

Log-ins are counted three ways. From one network address there may be many failures, since offices
and phone networks share addresses. For one account there may be few from strangers, wherever they
come from. Where the owner has logged in before, failures are counted apart: whoever keeps the
strangers' bucket full cannot lock the owner out there. Buckets empty themselves after a window that
further tries do not prolong, and a password reset empties them at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from store.users.errors import Throttled
from store.users.metrics import THROTTLED
from store.users.models.throttles import FamiliarPlace, Throttle
from store.users.vault import Vault

WINDOW = timedelta(minutes=15)
FAILURES_FROM_A_PLACE = 100
FAILURES_FOR_AN_ACCOUNT = 10

MAIL_WINDOW = timedelta(hours=1)
MAILS_TO_AN_ADDRESS = 5
MAIL_REQUESTS_FROM_A_PLACE = 50


@dataclass(frozen=True)
class Place:
    """Where a request comes from: an IPv4 address, or the /64 that a customer of IPv6 has."""

    name: str

    @classmethod
    def of(cls, address: str | None) -> "Place":
        """The place of a network address; all that cannot be read are one place."""
        try:
            found = ip_address(address or "")
        except ValueError:
            return cls("unknown")
        if not isinstance(found, IPv6Address):
            return cls(str(found))
        if found.ipv4_mapped:
            return cls(str(found.ipv4_mapped))
        return cls(found.packed[:8].hex())


class Door:
    """Lets tries pass or not. Speaks of e-mails, never of accounts: it does not know which exist."""

    def __init__(self, vault: Vault, registrations_per_hour: int) -> None:
        self._vault = vault
        self._registrations_per_hour = registrations_per_hour

    def admit_login(self, email: str, place: Place) -> None:
        """Count a try to log in; Throttled if there were too many failures."""
        _admit("place", self._place_bucket(place), FAILURES_FROM_A_PLACE, WINDOW)
        _admit("account", self._account_bucket(email, place), FAILURES_FOR_AN_ACCOUNT, WINDOW)

    def welcome(self, email: str, place: Place) -> None:
        """The try was good: it does not count, and this place is familiar from now on."""
        Throttle.give_back(self._place_bucket(place))
        Throttle.empty(self._account_bucket(email, place))
        FamiliarPlace.remember(self._account(email), self._at(place))

    def forgive(self, email: str) -> None:
        """The owner has proven to be it: strangers' tries are forgotten."""
        Throttle.empty(self._vault.fingerprint("strangers", email.lower()))

    def forget(self, email: str) -> None:
        """The owner has left: nothing about the e-mail is kept."""
        self.forgive(email)
        FamiliarPlace.forget(self._account(email))

    def admit_registration(self, place: Place) -> None:
        """Count a registration; Throttled if there were too many from this place."""
        bucket = self._vault.fingerprint("registrations", place.name)
        _admit("registrations", bucket, self._registrations_per_hour, timedelta(hours=1))

    def admit_mail_request(self, place: Place) -> None:
        """Count a request for a mail; Throttled if there were too many from this place."""
        bucket = self._vault.fingerprint("mail requests", place.name)
        _admit("mail_requests", bucket, MAIL_REQUESTS_FROM_A_PLACE, MAIL_WINDOW)

    def may_mail(self, email: str) -> bool:
        """Whether another mail may go to this e-mail: nobody's letter box is to be flooded."""
        bucket = self._vault.fingerprint("mails", email.lower())
        return not Throttle.take(bucket, MAILS_TO_AN_ADDRESS, MAIL_WINDOW)

    def _account_bucket(self, email: str, place: Place) -> bytes:
        if FamiliarPlace.knows(self._account(email), self._at(place)):
            return self._vault.fingerprint("owner", email.lower(), place.name)
        return self._vault.fingerprint("strangers", email.lower())

    def _place_bucket(self, place: Place) -> bytes:
        return self._vault.fingerprint("failures", place.name)

    def _account(self, email: str) -> bytes:
        return self._vault.fingerprint("account", email.lower())

    def _at(self, place: Place) -> bytes:
        return self._vault.fingerprint("place", place.name)


def _admit(what: str, bucket: bytes, most: int, window: timedelta) -> None:
    if wait := Throttle.take(bucket, most, window):
        THROTTLED.labels(what).inc()
        raise Throttled(wait)
