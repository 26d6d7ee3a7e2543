import pytest

from store.chaos.rush import miscounted
from store.loadtest.load.recorder import Promise


def promises(state: str, reason: str = "", number: int = 1) -> list[Promise]:
    return [Promise("7", "key", state, "passes kept", reason)] * number


@pytest.mark.parametrize(("sold", "refused", "units"), [(100, 400, 100), (5, 0, 100), (0, 7, 0)])
def test_every_unit_is_sold_once_and_the_rest_is_out_of_stock(
    sold: int, refused: int, units: int
) -> None:
    promised = promises("confirmed", number=sold) + promises("rejected", "out_of_stock", refused)
    assert [*miscounted(promised, units)] == []


def test_a_unit_too_many_and_a_lost_one_are_reported() -> None:
    promised = promises("confirmed", number=11) + promises("rejected", "out_of_stock", 9)
    assert [*miscounted(promised, 10)] == [
        "11 buyers were told confirmed, not 10",
        "9 buyers were told rejected out_of_stock, not 10",
    ]


def test_any_other_answer_is_reported() -> None:
    promised = (
        promises("confirmed", number=10)
        + promises("pending")
        + promises("rejected", "out_of_stock")
    )
    assert [*miscounted(promised, 10)] == [
        "1 buyers were told pending, not 0",
        "1 buyers were told rejected out_of_stock, not 2",
    ]
