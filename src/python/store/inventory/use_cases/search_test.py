"""Pages of products while others come and go."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.inventory.models.product_query import ProductQuery, Sort
from store.inventory.models.tables import database
from store.inventory.testing.stock import add_variant
from store.inventory.use_cases import search

# Few titles and prices, so that many products stand at the same position of an order.
products = st.tuples(st.sampled_from(["Mug", "Red mug", "Mug stand"]), st.integers(1, 3))
events = st.lists(
    st.one_of(products, st.integers(0, 30)),  # a product comes, or the n-th goes
    max_size=4,
)


@given(
    sort=st.sampled_from(Sort),
    at_first=st.lists(products, max_size=15),
    limit=st.integers(1, 5),
    meanwhile=st.lists(events, max_size=12),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_product_is_shown_twice_or_left_out(
    sort: Sort,
    at_first: list[tuple[str, int]],
    limit: int,
    meanwhile: list[list[tuple[str, int] | int]],
) -> None:
    shop = ListedCatalogue()
    for title, price in at_first:
        shop.add(title, price)
    stayed, seen = set(shop.skus), []
    query = ProductQuery(terms=("mug",), currency="EUR", sort=sort)
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = search.find_products(query, limit, cursor)
        seen += [item["variants"][0]["sku"] for item in page["items"]]
        for event in meanwhile[pages] if pages < len(meanwhile) else []:
            stayed -= shop.let_happen(event)
        cursor, pages = page["next_cursor"], pages + 1
    assert [sku for sku, times in Counter(seen).items() if times > 1] == []
    assert stayed <= set(seen)


class ListedCatalogue:
    """Products that come and go."""

    def __init__(self) -> None:
        for table in ("product_documents", "prices", "variants", "products"):
            database.run(f"DELETE FROM {table}")
        self.skus: list[str] = []

    def add(self, title: str, price: int) -> None:
        """A product comes."""
        self.skus.append(f"SKU-{len(self.skus)}")
        add_variant(self.skus[-1], price, title=title)

    def let_happen(self, event: tuple[str, int] | int) -> set[str]:
        """A product comes, or one goes; the SKUs of those that went."""
        if isinstance(event, tuple):
            self.add(*event)
            return set()
        gone = set(self.skus[event : event + 1])
        database.run("UPDATE variants SET status = 'retired' WHERE sku = ANY (%s)", (list(gone),))
        return gone
