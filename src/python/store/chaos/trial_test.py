from collections import Counter

from store.chaos.trial import kills_of_postgres


def test_kills_of_every_postgresql_are_counted() -> None:
    assert kills_of_postgres(Counter({"postgres": 2, "orders-1": 5})) == 2
    assert kills_of_postgres(Counter({"users-db-0": 1, "orders-db-0": 2, "users-1": 4})) == 3
