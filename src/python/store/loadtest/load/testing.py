"""A wish to walk with, and a shop that answers otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from store.loadtest.fake_store import Answer
from store.loadtest.load.fake_shop import FakeShop
from store.loadtest.load.intents import Item, Wish
from store.loadtest.load.plan import PAYMENT_METHODS, Card, Fate
from store.loadtest.load.recorder import Promise

Walk = Callable[..., Promise]


def a_wish(card: Card = Card.PASSES, fate: Fate = Fate.KEPT, **different: Any) -> Wish:
    """Two mugs and a bowl, without a pause for thought."""
    usual: dict[str, Any] = {
        "number": 1,
        "customer": 0,
        "looked_at": Item("MUG", "1", "Mug"),
        "lines": {"MUG": 2, "BOWL": 1},
        "names_price": False,
        "is_sent_twice": False,
        "payment_method": PAYMENT_METHODS[card][0],
        "refund_share": 0.4,
        "reads_timeline": False,
        "thoughts": (0.0,) * 8,
    }
    return Wish(**{**usual, "card": card, "fate": fate, **different})


def answering(monkeypatch: pytest.MonkeyPatch, ending: str, instead: Answer) -> None:
    """Let the shop answer this to every request for such a path."""
    answer = FakeShop.answer

    def changed(self: FakeShop, method: str, path: str, key: str, body: Any) -> Answer:
        usual = answer(self, method, path, key, body)
        return instead if path.endswith(ending) else usual

    monkeypatch.setattr(FakeShop, "answer", changed)
