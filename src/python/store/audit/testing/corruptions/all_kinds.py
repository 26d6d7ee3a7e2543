"""Every kind of corruption, by a sentence that says what has happened."""

from store.audit.testing.corruptions import life, money, stock

CORRUPTIONS = {**life.CORRUPTIONS, **money.CORRUPTIONS, **stock.CORRUPTIONS}
