"""The body of an order for one SKU, for whoever needs no plan of a whole journey."""

from collections.abc import Mapping

from store.loadtest.orders_client import order_body, shipping_address

VISA, DECLINED = "pm_card_visa", "pm_card_visa_chargeDeclined"
CHALLENGED = "pm_card_threeDSecure2Required"
ADDRESS = shipping_address("Ada Lovelace", "12 St James's Square", postal_code="SW1Y 4JH")


def basket(sku: str, units: int = 1, card: str = VISA) -> Mapping[str, object]:
    """So many units, to be paid in euros by this card."""
    return order_body({sku: units}, ADDRESS, payment_method=card)
