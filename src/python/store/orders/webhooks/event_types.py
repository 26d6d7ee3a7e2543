"""The types of events that a shop's own programs can receive."""

from collections.abc import Mapping

EVENT_TYPES: Mapping[str, str] = {
    "order.placed": "Somebody has ordered; nothing is taken yet.",
    "order.reserved": "The stock is held, and the prices are fixed.",
    "order.awaiting_payment": "The buyer has to pass his bank's 3-D Secure.",
    "order.authorised": "The money is put aside.",
    "order.committed": "The stock is taken for good.",
    "order.confirmed": "The money is taken: the sale is made, and the parcel may be packed.",
    "order.letting_go": "The order will end without a sale; stock and money are being given back.",
    "order.cancel_requested": "Somebody wants the order cancelled.",
    "order.cancelled": "Cancelled: the buyer has all his money back.",
    "order.rejected": "Ended without a sale; `reason` says why.",
    "order.shipped": "The parcel is on its way.",
    "order.delivered": "The parcel has arrived.",
    "order.refunded": "All that was paid has been given back.",
    "payment.voided": "The money that was put aside is let go.",
    "refund.requested": "Money is to be given back.",
    "refund.succeeded": "Money has been given back.",
    "refund.failed": "The bank did not take a refund, or sent it back.",
}
"""Every type of event that orders have, with its meaning; in the order of an order's life."""

GROUPS = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in EVENT_TYPES))
"""What stands for all types that begin alike."""

TEST_TYPE = "webhook.test"
"""The type of the message that only tries an endpoint; nobody listens to it by name."""
