"""Who acts: customers that are made for it, and the store's own staff."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from store.cli.errors import CannotProve
from store.loadtest.api import Api
from store.loadtest.customers import Account, CannotLogIn, Customer
from store.loadtest.target import Target

LOG_INS_AT_ONCE = 8


def open_accounts(api: Api, target: Target, number: int) -> Sequence[Customer]:
    """So many customers, registered and logged in; for the same secret the same ones each time."""
    customers = [
        Customer(api, target.users_url, target.secret, f"of load {each}", kind="load")
        for each in range(number)
    ]
    _log_in(customers)
    return customers


def staff_of(api: Api, target: Target) -> Account:
    """The store's staff, logged in; CannotProve if none is given."""
    if target.staff is None:
        raise CannotProve("Only staff can do this: set STAFF_EMAIL and STAFF_PASSWORD.")
    staff = Account(api, target.users_url, target.staff.email, target.staff.password)
    _log_in([staff])
    return staff


def _log_in(accounts: Sequence[Account]) -> None:
    """Let everybody in; CannotProve if that fails."""
    try:
        with ThreadPoolExecutor(LOG_INS_AT_ONCE) as pool:
            list(pool.map(Account.headers, accounts))
    except CannotLogIn as refused:
        raise CannotProve(f"Somebody is not let in: {refused}") from None
