"""A intent to walk with, and a shop that answers otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from store.loadtest.load.intents import BuyerIntent, Item
from store.loadtest.load.plan import PAYMENT_METHODS, Card, Fate
from store.loadtest.load.recorder import Promise
from store.loadtest.testing.fake_shop import FakeShop
from store.testing.fake_store import Reply

Walk = Callable[..., Promise]


def an_intent(card: Card = Card.PASSES, fate: Fate = Fate.KEPT, **different: Any) -> BuyerIntent:
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
    return BuyerIntent(**{**usual, "card": card, "fate": fate, **different})


def answering(monkeypatch: pytest.MonkeyPatch, ending: str, instead: Reply) -> None:
    """Let the shop answer this to every request for such a path."""
    answer = FakeShop.answer

    def changed(self: FakeShop, method: str, path: str, key: str, body: Any) -> Reply:
        usual = answer(self, method, path, key, body)
        return instead if path.endswith(ending) else usual

    monkeypatch.setattr(FakeShop, "answer", changed)
