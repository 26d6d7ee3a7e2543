"""Which products words find, and how much PostgreSQL computes for it."""

import random
from collections.abc import Callable

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.testing import FleetingServer
from store.inventory.models.facets import facets_of
from store.inventory.models.product_query import LOOK_ALIKE, ProductQuery, Sort
from store.inventory.models.search import fitting_products
from store.server.ids import new_id

PRODUCTS = 3_000

FITTING = f"""{LOOK_ALIKE}
    SELECT product_id AS id FROM product_documents WHERE document @@ to_tsquery('catalogue', %(prefix)s)
    UNION
    SELECT product_id FROM product_documents WHERE words %%>> %(term)s
        AND NOT EXISTS (SELECT FROM product_documents WHERE document @@ to_tsquery('catalogue', %(prefix)s))
"""
"""What one word finds, asked in the plainest way."""

COMPARISONS = """
    SELECT coalesce(sum(calls), 0)::int AS made FROM pg_stat_xact_user_functions
    WHERE funcname IN ('strict_word_similarity_op', 'strict_word_similarity_commutator_op')
"""
"""How often this connection has compared a word with the words of a product."""


@pytest.fixture
def catalogue(
    postgres: FleetingServer, database_config: DatabaseConfig, database: Database
) -> None:
    """Thousands of products in a database that counts the calls of functions."""
    name = database_config.url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET track_functions = 'all'")
    chance = random.Random(7)
    letters = "abcdefghilmnoprstu"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(1_000)]
    ids = [str(new_id()) for _ in range(PRODUCTS)]
    titles = [" ".join(chance.choices(words, k=4)) for _ in ids]
    titles[::20] = [f"{title} teapot" for title in titles[::20]]
    with database.transaction():
        database.run(
            "INSERT INTO products (id, status, title) SELECT id, 'active', title FROM unnest(%s::uuid[], %s) AS new (id, title)",
            (ids, titles),
        )
        database.run(
            "INSERT INTO variants (id, product_id, sku, name) SELECT id, id, 'SKU-' || n, '' FROM unnest(%s::uuid[]) WITH ORDINALITY AS new (id, n)",
            (ids,),
        )


def found(*terms: str) -> set[str]:
    query = ProductQuery(terms=terms, sort=Sort.RELEVANCE)
    return {str(row["id"]) for row in fitting_products(query, PRODUCTS, None)}


def comparisons(
    database: Database, ask: Callable[[ProductQuery], object], query: ProductQuery
) -> int:
    """How often a question compares a word with the words of a product."""
    with (
        database.transaction()
    ):  # on one connection, which counts on until it reports to the server
        before = database.rows(COMPARISONS)[0]["made"]
        ask(query)
        return int(database.rows(COMPARISONS)[0]["made"] - before)


def first_page(query: ProductQuery) -> object:
    return fitting_products(query, 20, None)


@pytest.mark.usefixtures("catalogue")
def test_words_are_compared_only_if_no_product_has_them(database: Database) -> None:
    expected: dict[tuple[str, ...], int] = {
        ("teapot",): 0,
        ("teap", "teapot"): 0,
        ("teapto",): PRODUCTS,
        ("teapot", "teapto"): PRODUCTS // 20,
    }
    for terms, made in expected.items():
        query = ProductQuery(terms=terms, sort=Sort.RELEVANCE)
        assert comparisons(database, first_page, query) == made
        assert comparisons(database, facets_of, query) == made


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("without", [(), ("enable_seqscan", "enable_indexscan")])
def test_the_same_is_found_row_by_row_and_in_the_index(
    database: Database, without: tuple[str, ...]
) -> None:
    with database.transaction():
        for scan in without:
            database.run(f"SET LOCAL {scan} = off")
        for term in ("teapot", "teap", "teapto", "tapot", "submarine"):
            rows = database.rows(FITTING, {"term": term, "prefix": f"{term}:*"})
            assert found(term) == {str(row["id"]) for row in rows}, term
        assert found("teapot", "teapto") == found("teapot")
