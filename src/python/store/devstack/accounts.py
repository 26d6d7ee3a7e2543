"""The demo log-ins of a local store."""

from store.devstack.ports import Ports
from store.devstack.rest import RequestRefused, Rest
from store.devstack.secrets_file import Secrets

ADMIN = "admin@example.com"
STAFF = "staff@example.com"
CUSTOMER = "customer@example.com"


def log_in_as_staff(rest: Rest, ports: Ports, secrets: Secrets) -> str:
    """A token of staff; on the first call the staff's and the customer's accounts are made."""
    users = ports.url("users")
    if not _is_staff(rest, users, secrets):
        _register(rest, users, CUSTOMER, secrets.customer_password, "Demo Customer")
        _register(rest, users, STAFF, secrets.staff_password, "Demo Staff")
        _promote(rest, users, rest.log_in(users, ADMIN, secrets.admin_password))
    return rest.log_in(users, STAFF, secrets.staff_password)


def _is_staff(rest: Rest, users: str, secrets: Secrets) -> bool:
    try:
        token = rest.log_in(users, STAFF, secrets.staff_password)
    except RequestRefused as refused:
        if refused.status == 401:
            return False
        raise
    return bool(rest.call("GET", f"{users}/v1/users/me", token=token).json()["role"] == "staff")


def _register(rest: Rest, users: str, email: str, password: str, name: str) -> None:
    body = {"email": email, "password": password, "name": name}
    rest.call("POST", f"{users}/v1/users", body)


def _promote(rest: Rest, users: str, token: str) -> None:
    found = rest.call("GET", f"{users}/v1/users?email={STAFF}", token=token).json()["items"]
    url = f"{users}/v1/users/{found[0]['id']}"
    etag = rest.call("GET", url, token=token).headers["ETag"]
    rest.call("PATCH", url, {"role": "staff"}, token, {"If-Match": etag})
