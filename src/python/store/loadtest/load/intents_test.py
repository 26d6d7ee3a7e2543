from collections import Counter
from dataclasses import replace
from itertools import pairwise
from statistics import mean, pstdev

from store.loadtest.load.intents import BuyerIntent, Item, arrivals, draw_intent, hot_item
from store.loadtest.load.plan import PAYMENT_METHODS, Card, Mix, Plan

ITEMS = [Item(f"SKU-{number}", str(number), f"Thing {number}") for number in range(30)]
PLAN = Plan(seed=7, rate=10, journeys=2000)


def intents(plan: Plan) -> list[BuyerIntent]:
    return [draw_intent(plan, ITEMS, number) for number in range(plan.journeys)]


def test_the_same_seed_wants_the_same_things_at_the_same_times() -> None:
    assert intents(PLAN) == intents(PLAN)
    assert [*arrivals(PLAN)] == [*arrivals(PLAN)]


def test_another_seed_wants_other_things_at_other_times() -> None:
    other = replace(PLAN, seed=8)
    assert intents(PLAN) != intents(other)
    assert [*arrivals(PLAN)] != [*arrivals(other)]


def test_what_a_buyer_wants_depends_on_no_other_buyer() -> None:
    assert draw_intent(PLAN, ITEMS, 1234) == intents(PLAN)[1234]
    assert intents(replace(PLAN, journeys=10, rate=99)) == intents(PLAN)[:10]


def test_arrivals_are_a_poisson_process_of_the_wanted_rate() -> None:
    times = [*arrivals(PLAN)]
    gaps = [after - before for before, after in pairwise([0.0, *times])]
    assert len(times) == PLAN.journeys
    assert 0.09 < mean(gaps) < 0.11
    # The gaps of a Poisson process are exponential: their deviation is as large as their mean.
    assert 0.9 < pstdev(gaps) / mean(gaps) < 1.1


def test_the_mix_is_what_the_plan_says() -> None:
    mix = Mix(cards={Card.PASSES: 3, Card.DECLINES: 1}, sent_twice=0.5, names_price=0.0)
    drawn = intents(replace(PLAN, mix=mix))
    cards = Counter(each.card for each in drawn)
    assert set(cards) == {Card.PASSES, Card.DECLINES}
    assert 0.7 < cards[Card.PASSES] / len(drawn) < 0.8
    assert 0.45 < mean(each.is_sent_twice for each in drawn) < 0.55
    assert not any(each.names_price for each in drawn)
    assert all(each.payment_method in PAYMENT_METHODS[each.card] for each in drawn)


def test_the_hot_item_is_in_as_many_orders_as_wanted_and_first() -> None:
    plan = replace(PLAN, hot_share=0.5, hot_sku="SKU-3")
    assert hot_item(plan, ITEMS).sku == "SKU-3"
    assert 0.5 < mean("SKU-3" in each.lines for each in intents(plan)) < 0.62
    assert hot_item(PLAN, ITEMS) == hot_item(PLAN, ITEMS)


def test_an_order_has_one_to_four_lines_and_no_item_twice_even_in_a_small_shop() -> None:
    assert {len(each.lines) for each in intents(PLAN)} == {1, 2, 3, 4}
    assert {len(draw_intent(PLAN, ITEMS[:2], number).lines) for number in range(50)} == {1, 2}
