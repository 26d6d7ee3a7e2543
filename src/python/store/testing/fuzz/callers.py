"""Who asks: everybody that a store of our own knows, and somebody it does not."""

from collections.abc import Mapping

from store.chaos.own_store import OwnStore
from store.devstack.accounts import ADMIN, CUSTOMER, STAFF
from store.devstack.rest import Rest

NOBODY = "nobody"


def tokens(store: OwnStore) -> Mapping[str, str]:
    """An access token of the admin, the staff and a customer; none for nobody."""
    secrets = store.secrets
    passwords = {
        ADMIN: secrets.admin_password,
        STAFF: secrets.staff_password,
        CUSTOMER: secrets.customer_password,
    }
    with Rest() as rest:
        made = {who: rest.log_in(store.users_url, who, word) for who, word in passwords.items()}
    return {**made, NOBODY: ""}


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks; empty for nobody."""
    return {"Authorization": f"Bearer {token}"} if token else {}
