"""The body of an order for one SKU, for whoever needs no plan of a whole journey."""

from collections.abc import Mapping

VISA, DECLINED = "pm_card_visa", "pm_card_visa_chargeDeclined"
CHALLENGED = "pm_card_threeDSecure2Required"
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "London",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
}


def basket(sku: str, units: int = 1, card: str = VISA) -> Mapping[str, object]:
    """So many units, to be paid in euros by this card."""
    return {
        "currency": "EUR",
        "lines": [{"sku": sku, "quantity": units}],
        "payment_method": card,
        "shipping_address": ADDRESS,
    }
