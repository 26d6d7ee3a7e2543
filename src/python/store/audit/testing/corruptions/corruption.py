"""What somebody may do to a small store, and which checks are to notice."""

from dataclasses import dataclass, field

from store.audit.testing.corruptions.rows import HOUR_AGO, OPTIONS

IN_TIME = "every order is final, or not yet due"
NUMBERED = "an order's events are numbered without gaps"
HISTORY = "an order's events tell how it stands"
ORPHANS = "no money and no stock without an order"
CAPTURED = "a sold order was captured once, in full"
TWICE = "nobody was charged twice for an order"
TOO_MUCH = "a payment takes no more than was authorised"
NO_MONEY = "a rejected or cancelled order holds no money"
AGREE = "orders and gateway agree on the payment"
REFUNDS = "refunds are the same on both sides"
OVER_REFUNDED = "refunds do not exceed the capture"
STOCK = "a sold order has its stock, committed and booked"
PRICES = "a sold order costs what its lines do"
NO_STOCK = "a rejected or cancelled order holds no stock"
BOOKED = "the ledger books what its reservation says"
BOOKED_ONCE = "a reservation is booked once"
QUOTED = "a reservation costs what its lines do"
PENNY = "captures equal sold orders, to the penny"
LEVELS = "the ledger adds up to the level of its shelf"
CHAIN = "every line of the ledger follows from the one before"
HELD = "what a shelf has reserved is what is held"
NEGATIVE = "no shelf holds less than nothing"
KEYS = "every Idempotency-Key points to what was made for it"
BUYERS = "every order has a buyer whom users knows"
OWED = "every event is owed to whoever listens to it"
DELIVERED = "no event is undelivered for longer than its limit"
GIVEN_UP = "no delivery is given up"
ORDERED = "an endpoint gets an order's events in their order"


@dataclass(frozen=True)
class Corruption:
    """SQL by service, the checks that notice it, and those of them that still do after a repair."""

    sql: dict[str, str]
    noticed_by: set[str]
    left: set[str] = field(default_factory=set)


def for_a_person(service: str, sql: str, *noticed_by: str) -> Corruption:
    """A corruption that no repair touches."""
    return Corruption({service: sql}, set(noticed_by), set(noticed_by))


def repairable(service: str, sql: str, *noticed_by: str) -> Corruption:
    """A corruption that a repair leaves nothing of."""
    return Corruption({service: sql}, set(noticed_by))


def intent(order_id: str, status: str, received: int = 0, name: str = "planted") -> str:
    """SQL for a payment of 5 euros, with its charge."""
    return f"""
        INSERT INTO payment_intents (id, amount, currency, status, capture_method, payment_method,
            amount_received, client_secret, metadata, options, created_at)
        VALUES ('pi_{name}', 500, 'eur', '{status}', 'manual', 'pm_card_visa', {received}, 'x',
            '{{"order_id": "{order_id}"}}', '{OPTIONS}', {HOUR_AGO});
        INSERT INTO charges (id, payment_intent, amount, currency, status, payment_method,
            amount_captured, created_at)
        VALUES ('ch_{name}', 'pi_{name}', 500, 'eur', 'succeeded', 'pm_card_visa', {received},
            {HOUR_AGO});
    """


def refund(amount: int, status: str = "succeeded", of: str = "sold") -> str:
    """SQL for a refund that the gateway has made and orders does not know of."""
    return f"""
        INSERT INTO refunds (id, charge, payment_intent, amount, currency, status, metadata,
            created_at)
        VALUES ('re_3', 'ch_{of}', 'pi_{of}', {amount}, 'eur', '{status}', '{{}}', {HOUR_AGO})
    """
