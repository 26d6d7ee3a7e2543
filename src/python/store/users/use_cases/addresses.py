"""The addresses that a person has parcels sent to."""

from typing import Any
from uuid import UUID

from store.auth.callers import Caller
from store.server.http.pages import Page, PageRequest, encode_cursor, page_of
from store.users.errors import TooManyAddresses
from store.users.models.addresses import Address, PostalAddress
from store.users.models.people import User
from store.users.models.tables import database

ADDRESSES_LIST = "addresses"
MAX_ADDRESSES = 50


def addresses_of(caller: Caller, page: PageRequest) -> Page[Address]:
    """The caller's addresses, oldest first."""
    after = page.after[0] if page.after else None
    with database.reading():
        User.active(caller.id)
        found = Address.listed(caller.id, after, page.limit + 1)
    return page_of(found, page.limit, lambda last: encode_cursor(ADDRESSES_LIST, last.id))


def address_of(caller: Caller, address_id: UUID) -> Address:
    """One of the caller's addresses; UnknownAddress."""
    with database.reading():
        User.active(caller.id)
        return Address.of(caller.id, address_id)


def add_address(caller: Caller, wanted: PostalAddress) -> Address:
    """Add an address; TooManyAddresses."""
    with database.transaction():
        User.active_for_update(caller.id)
        if Address.count_of(caller.id) >= MAX_ADDRESSES:
            raise TooManyAddresses(MAX_ADDRESSES)
        return Address.add(caller.id, wanted)


def change_address(
    caller: Caller, address_id: UUID, version: int, changes: dict[str, Any]
) -> Address:
    """Change these fields of an address; UnknownAddress, StaleVersion."""
    with database.transaction():
        address = _address_for_update(caller, address_id, version)
        address.change(**changes)
    return address


def remove_address(caller: Caller, address_id: UUID, version: int) -> None:
    """Delete an address; UnknownAddress, StaleVersion."""
    with database.transaction():
        _address_for_update(caller, address_id, version).delete_instance()


def _address_for_update(caller: Caller, address_id: UUID, version: int) -> Address:
    User.active_for_update(caller.id)
    address = Address.of(caller.id, address_id)
    address.expect(version)
    return address
