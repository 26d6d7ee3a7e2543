from collections import Counter

from store.chaos.trial import of_postgres


def test_a_kill_of_any_postgresql_is_one_of_postgresql() -> None:
    assert of_postgres(Counter({"postgres": 2, "orders-1": 5})) == 2
    assert of_postgres(Counter({"users-db-0": 1, "orders-db-0": 2, "users-1": 4})) == 3
