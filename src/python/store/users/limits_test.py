"""What people may say of themselves is what the database takes: each of its CHECKs has its limit here."""

import re

import pytest

from store.database.testing import checked_lengths, checked_patterns
from store.server.countries import COUNTRIES
from store.users import limits
from store.users.models.tables import database

LENGTHS = {
    "users.email": limits.MAX_EMAIL,
    "users.name": limits.MAX_NAME,
    "mails.email": limits.MAX_EMAIL,
    "addresses.name": limits.MAX_NAME,
    "addresses.line1": limits.MAX_LINE,
    "addresses.line2": limits.MAX_LINE,
    "addresses.city": limits.MAX_CITY,
    "addresses.postal_code": limits.MAX_POSTAL_CODE,
    "audit.action": 60,  # ours to write
}


@pytest.mark.usefixtures("opened")
def test_the_database_bounds_what_we_bound_and_as_we_do() -> None:
    assert checked_lengths(database) == LENGTHS
    assert checked_patterns(database) == {"addresses.country": "^[A-Z]{2}$"}


def test_every_country_fits_where_addresses_are_kept() -> None:
    assert [code for code in COUNTRIES if not re.fullmatch("[A-Z]{2}", code)] == []
