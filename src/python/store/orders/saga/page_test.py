"""The picture of the saga is the saga's."""

from pathlib import Path

from store.orders.testing.saga_page import page

PAGE = Path("docs/order-saga.md")


def test_the_page_shows_the_table_as_it_is() -> None:
    wanted = f"./pants run src/python/store/orders/testing/saga_page.py > {PAGE}"
    assert PAGE.read_text() == page(), wanted
