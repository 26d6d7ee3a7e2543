"""Which store is asked, and who asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

from store.cli.errors import CannotProve
from store.loadtest.api import Api


def require_answers(api: Api, urls: Sequence[str]) -> None:
    """CannotProve at once if nothing answers at one of these: later we are patient."""
    for url in urls:
        if not api.is_there(url):
            raise CannotProve(f"Nothing answers at {url}: is the store up? ./pants up")


@dataclass(frozen=True)
class Credentials:
    """The log-in of somebody who is there already."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Target:
    """A store: its addresses, its staff's log-in (None: no staff acts), and a secret of ours.

    The passwords of the customers are derived from the secret, so that a later run can log in again.
    """

    users_url: str
    inventory_url: str
    orders_urls: Sequence[str]
    staff: Credentials | None = None
    secret: str = field(default="", repr=False)

    def replicas(self, first: int = 0) -> tuple[str, ...]:
        """The addresses of orders, beginning with the `first` (counted around)."""
        turn = first % len(self.orders_urls)
        return (*self.orders_urls[turn:], *self.orders_urls[:turn])

    def orders(self, path: str, first: int = 0) -> tuple[str, ...]:
        """A path of orders at every replica, beginning with the `first`."""
        return tuple(urljoin(url, path) for url in self.replicas(first))

    def inventory(self, path: str) -> str:
        return f"{self.inventory_url}{path}"

    @property
    def services(self) -> Sequence[str]:
        """Every address that has to answer."""
        return (self.users_url, self.inventory_url, *self.orders_urls)
