"""Where the payment gateway calls us."""

from flask import Response, request

from store.orders.http import wiring
from store.orders.payment_signatures import check_signature
from store.orders.payment_webhooks import hear
from store.server.blueprint import Blueprint

payment = Blueprint("payment", __name__, url_prefix="/v1/payment", description="For the gateway")


@payment.post("/webhook")
@payment.response(204)
def webhook() -> Response:
    """Hear what the gateway has to say, if it has signed it (Stripe-Signature)."""
    wired = wiring()
    body = request.get_data()
    check_signature(body, request.headers.get("Stripe-Signature"), wired.webhook_secret)
    hear(body, wired.shop)
    return Response(status=204)
