"""Every kind of violation, by a sentence that says what has happened."""

from store.audit.corruptions import of_life, of_money, of_stock

VIOLATIONS = {**of_life.VIOLATIONS, **of_money.VIOLATIONS, **of_stock.VIOLATIONS}
