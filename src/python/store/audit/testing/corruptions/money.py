"""Money that is not where it should be."""

from store.audit.testing.corruptions.corruption import (
    AGREE,
    CAPTURED,
    NO_MONEY,
    ORPHANS,
    OVER_REFUNDED,
    PENNY,
    REFUNDS,
    TOO_MUCH,
    TWICE,
    Corruption,
    for_a_person,
    intent,
    refund,
    repairable,
)
from store.audit.testing.corruptions.rows import (
    CANCELLED,
    PENDING,
    REFUNDED,
    REJECTED,
    SOLD,
    UNKNOWN,
)

UNCAPTURED = (
    "UPDATE payment_intents SET status = 'requires_capture', amount_received = 0 WHERE id = 'pi_sold';"
    "UPDATE charges SET amount_captured = 0 WHERE id = 'ch_sold';"
)
UNWRITTEN = (
    f"UPDATE payments SET status = 'requires_capture', captured = 0 WHERE order_id = '{SOLD}'"
)
NEVER_ASKED = "UPDATE refunds SET state = 'pending', gateway_id = NULL WHERE gateway_id = 're_2'"
NEVER_MADE = (
    "DELETE FROM refunds WHERE id = 're_2';"
    "UPDATE charges SET amount_refunded = 0 WHERE id = 'ch_refunded'"
)

CORRUPTIONS = {
    "an order was charged twice": for_a_person(
        "gateway", intent(SOLD, "succeeded", 500), CAPTURED, TWICE, PENNY
    ),
    "an order on its way was charged twice": for_a_person(
        "gateway",
        intent(PENDING, "succeeded", 500) + intent(PENDING, "succeeded", 500, "again"),
        TWICE,
    ),
    "a sold order has a second authorisation": repairable(
        "gateway", intent(SOLD, "requires_capture"), CAPTURED
    ),
    "a sold order was authorised and never captured": repairable(
        "gateway", UNCAPTURED, CAPTURED, AGREE, PENNY
    ),
    "a sold order was never captured, and orders knows": Corruption(
        {"gateway": UNCAPTURED, "orders": UNWRITTEN}, {CAPTURED, PENNY}
    ),
    "orders does not know of a capture": repairable("orders", UNWRITTEN, AGREE),
    "orders has lost the payment of a sold order": repairable(
        "orders", f"DELETE FROM payments WHERE order_id = '{SOLD}'", AGREE
    ),
    "a sold order was captured for less": for_a_person(
        "gateway",
        "UPDATE payment_intents SET amount_received = 1999 WHERE id = 'pi_sold';"
        "UPDATE charges SET amount_captured = 1999 WHERE id = 'ch_sold'",
        CAPTURED,
        AGREE,
        PENNY,
    ),
    "a sold order was captured in another currency": for_a_person(
        "gateway",
        "UPDATE payment_intents SET currency = 'usd' WHERE id = 'pi_sold'",
        CAPTURED,
        PENNY,
    ),
    "the payment of a sold order is lost": for_a_person(
        "gateway",
        "DELETE FROM charges WHERE id = 'ch_sold'; DELETE FROM payment_intents WHERE id = 'pi_sold'",
        CAPTURED,
        AGREE,
        PENNY,
    ),
    "more was captured than authorised": for_a_person(
        "gateway",
        "ALTER TABLE charges DROP CONSTRAINT charges_check;"
        "UPDATE charges SET amount = 1500 WHERE id = 'ch_sold'",
        TOO_MUCH,
    ),
    "a payment was charged twice": for_a_person(
        "gateway",
        "DROP INDEX one_successful_charge; INSERT INTO charges (id, payment_intent, amount, currency, "
        "status, payment_method, created_at) SELECT 'ch_again', payment_intent, amount, currency, "
        "status, payment_method, created_at FROM charges WHERE id = 'ch_sold'",
        TOO_MUCH,
    ),
    "a rejected order still holds the buyer's money": repairable(
        "gateway", intent(REJECTED, "requires_capture"), NO_MONEY
    ),
    "a rejected order was charged": for_a_person(
        "gateway", intent(REJECTED, "succeeded", 500), NO_MONEY, AGREE, PENNY
    ),
    "a rejected order was charged, and has an authorisation besides": Corruption(
        {
            "gateway": intent(REJECTED, "succeeded", 500)
            + intent(REJECTED, "requires_capture", 0, "besides")
        },
        {NO_MONEY, AGREE, PENNY},
        {NO_MONEY, AGREE, PENNY},
    ),
    "a cancelled order's money was given back in part": for_a_person(
        "gateway", "UPDATE refunds SET amount = 1500 WHERE id = 're_1'", NO_MONEY, REFUNDS, PENNY
    ),
    "the gateway refunded more than orders knows": for_a_person("gateway", refund(5), REFUNDS),
    "a refund waits on one side alone": for_a_person("gateway", refund(5, "pending"), REFUNDS),
    "a refund never reached the gateway": for_a_person(
        "gateway", "DELETE FROM refunds WHERE id = 're_2'", REFUNDS
    ),
    "a promised refund was never asked for": Corruption(
        {"orders": NEVER_ASKED, "gateway": NEVER_MADE}, {REFUNDS}
    ),
    "more was refunded than captured": for_a_person(
        "gateway", refund(1, of="refunded"), REFUNDS, OVER_REFUNDED
    ),
    "orders has promised more than was captured": for_a_person(
        "orders",
        f"UPDATE refunds SET amount = 3001 WHERE order_id = '{REFUNDED}'",
        REFUNDS,
        OVER_REFUNDED,
    ),
    "orders believes that a payment was another": for_a_person(
        "orders",
        f"UPDATE payments SET intent_id = 'pi_other' WHERE order_id = '{SOLD}'",
        AGREE,
    ),
    "there is an authorisation without an order": repairable(
        "gateway", intent(UNKNOWN, "requires_capture"), ORPHANS
    ),
    "there is a captured payment without an order": for_a_person(
        "gateway", intent(UNKNOWN, "succeeded", 500), ORPHANS, PENNY
    ),
    "there is a payment that names no order": for_a_person(
        "gateway",
        intent(UNKNOWN, "requires_capture")
        + "UPDATE payment_intents SET metadata = '{}' WHERE id = 'pi_planted'",
        ORPHANS,
    ),
    "a payment names another order, which was cancelled": for_a_person(
        "gateway",
        f'UPDATE payment_intents SET metadata = \'{{"order_id": "{CANCELLED}"}}\' '
        "WHERE id = 'pi_sold'",
        CAPTURED,
        NO_MONEY,
        AGREE,
    ),
}
