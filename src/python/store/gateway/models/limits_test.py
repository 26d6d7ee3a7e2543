import re

import pytest

from store.database.testing import checked_patterns
from store.gateway.models.tables import database
from store.server.money import CURRENCIES, MAX_AMOUNT


@pytest.mark.usefixtures("fresh_database")
def test_the_largest_amount_is_what_the_database_takes() -> None:
    found = database.rows(
        """SELECT pg_get_constraintdef(oid) AS bounds FROM pg_constraint
        WHERE conname = 'payment_intents_amount_check'"""
    )
    assert f"(amount <= {MAX_AMOUNT})" in found[0]["bounds"]


@pytest.mark.usefixtures("fresh_database")
def test_every_currency_fits_where_intents_are_kept() -> None:
    pattern = checked_patterns(database)["payment_intents.currency"]
    assert pattern == "^[a-z]{3}$"
    assert [code for code in CURRENCIES if not re.fullmatch(pattern, code.lower())] == []
