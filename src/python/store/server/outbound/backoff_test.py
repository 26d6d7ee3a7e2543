import pytest

from store.server.outbound.backoff import seconds_to_wait


@pytest.mark.parametrize(("attempt", "most"), [(0, 1), (3, 8), (6, 60), (100_000, 60)])
def test_the_wait_doubles_up_to_the_cap(attempt: int, most: float) -> None:
    waits = [seconds_to_wait(attempt) for _ in range(200)]
    assert all(0 <= wait <= most for wait in waits)
    assert max(waits) > most * 0.8


def test_callers_are_spread_out() -> None:
    assert len({seconds_to_wait(5, cap=10) for _ in range(50)}) > 40
    assert max(seconds_to_wait(50, cap=10) for _ in range(50)) <= 10
