from store.server.money import CURRENCIES, MAX_AMOUNT


def test_currencies_are_three_capital_letters() -> None:
    assert {"EUR", "USD", "GBP", "JPY"} <= CURRENCIES
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert not CURRENCIES & {"XXX", "XTS", "XAU"}


def test_the_largest_amount_fits_an_integer_column() -> None:
    assert MAX_AMOUNT < 2**31
