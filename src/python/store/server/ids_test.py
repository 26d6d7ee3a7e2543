from store.server.clock import now
from store.server.ids import new_id


def test_ids_are_version_7_and_sort_by_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert {one.version for one in made} == {7}
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_an_id_tells_when_it_was_made() -> None:
    milliseconds = new_id().int >> 80
    assert abs(milliseconds / 1000 - now().timestamp()) < 5
