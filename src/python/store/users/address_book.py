"""The addresses that a person has parcels sent to."""

from typing import Any
from uuid import UUID

from store.auth.callers import Caller
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.users.errors import TooManyAddresses
from store.users.models.addresses import Address
from store.users.models.people import User
from store.users.models.tables import database

ADDRESSES_LIST = "addresses"
MOST_ADDRESSES = 50


def addresses_of(caller: Caller, page: PageRequest) -> Page[Address]:
    """The caller's addresses, oldest first."""
    after = page.after[0] if page.after else None
    with database.reading():
        User.active(caller.id)
        found = Address.listed(caller.id, after, page.limit + 1)
    return page_of(found, page.limit, lambda one: encode_cursor(ADDRESSES_LIST, one.id))


def address_of(caller: Caller, address_id: UUID) -> Address:
    """One of the caller's addresses; UnknownAddress if there is none such."""
    with database.reading():
        User.active(caller.id)
        return Address.of(caller.id, address_id)


def add_address(caller: Caller, fields: dict[str, Any]) -> Address:
    """Write down another address; TooManyAddresses if the book is full."""
    with database.transaction():
        User.active(caller.id, lock=True)
        if Address.count_of(caller.id) >= MOST_ADDRESSES:
            raise TooManyAddresses(MOST_ADDRESSES)
        return Address.add(caller.id, **fields)


def change_address(
    caller: Caller, address_id: UUID, version: int, fields: dict[str, Any]
) -> Address:
    """Correct an address."""
    with database.transaction():
        address = _locked(caller, address_id, version)
        address.change(**fields)
    return address


def remove_address(caller: Caller, address_id: UUID, version: int) -> None:
    """Strike an address out."""
    with database.transaction():
        _locked(caller, address_id, version).delete_instance()


def _locked(caller: Caller, address_id: UUID, version: int) -> Address:
    User.active(caller.id, lock=True)
    address = Address.of(caller.id, address_id)
    address.expect(version)
    return address
