"""The address book over HTTP."""

from typing import Any
from uuid import UUID

from store.auth.http import current_caller, login_required
from store.server.http.etags import tagged, wanted_version
from store.server.http.pages import Page, page_request
from store.server.http.schemas import PageArgs, page_schema
from store.users.api.address_schemas import AddressChangeIn, AddressIn, AddressOut
from store.users.api.dependencies import Tagged, users
from store.users.models.addresses import Address, PostalAddress
from store.users.use_cases import addresses as use_case


@users.get("/users/me/addresses")
@login_required
@users.arguments(PageArgs, location="query")
@users.response(200, page_schema(AddressOut))
def addresses(args: dict[str, Any]) -> Page[Address]:
    """Your addresses, oldest first."""
    page = page_request(use_case.ADDRESSES_LIST, args, UUID)
    return use_case.addresses_of(current_caller(), page)


@users.post("/users/me/addresses")
@login_required
@users.arguments(AddressIn)
@users.response(201, AddressOut)
def add_address(wanted: PostalAddress) -> Tagged:
    """Write down another address."""
    address = use_case.add_address(current_caller(), wanted)
    body, headers = tagged(address, address.version)
    return body, {**headers, "Location": f"/v1/users/me/addresses/{address.id}"}


@users.get("/users/me/addresses/<uuid:address_id>")
@login_required
@users.response(200, AddressOut)
def address(address_id: UUID) -> Tagged:
    """One of your addresses."""
    found = use_case.address_of(current_caller(), address_id)
    return tagged(found, found.version)


@users.patch("/users/me/addresses/<uuid:address_id>")
@login_required
@users.arguments(AddressChangeIn)
@users.response(200, AddressOut)
def change_address(changes: dict[str, Any], address_id: UUID) -> Tagged:
    """Correct an address. Needs If-Match."""
    caller, version = current_caller(), wanted_version()
    changed = use_case.change_address(caller, address_id, version, changes)
    return tagged(changed, changed.version)


@users.delete("/users/me/addresses/<uuid:address_id>")
@login_required
@users.response(204)
def remove_address(address_id: UUID) -> None:
    """Strike an address out. Needs If-Match."""
    use_case.remove_address(current_caller(), address_id, wanted_version())
