"""Who asks: everybody that a store of our own knows, and somebody it does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from store.chaos.own_store import OwnStore
from store.devstack.accounts import ADMIN, CUSTOMER, STAFF
from store.loadtest.api import Api
from store.loadtest.customers import Account

NOBODY = "nobody"
TIMEOUT_SECONDS = 30.0


def tokens(store: OwnStore) -> Mapping[str, str]:
    """An access token of the admin, the staff and a customer; none for nobody."""
    secrets = store.secrets
    passwords = {
        ADMIN: secrets.admin_password,
        STAFF: secrets.staff_password,
        CUSTOMER: secrets.customer_password,
    }
    with users_api() as api:
        made = {
            who: Account(api, store.users_url, who, word).token() for who, word in passwords.items()
        }
    return {**made, NOBODY: ""}


@contextmanager
def users_api() -> Iterator[Api]:
    """One connection to log in with."""
    api = Api(1, patience=TIMEOUT_SECONDS)
    yield api
    api.close()


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks; empty for nobody."""
    return {"Authorization": f"Bearer {token}"} if token else {}
