"""Where the payment gateway calls us."""

from flask import Response, request

from store.orders.http import wiring
from store.orders.payment_client import read_webhook
from store.orders.webhooks import hear
from store.server.blueprint import Blueprint

payment = Blueprint("payment", __name__, url_prefix="/v1/payment", description="For the gateway")


@payment.post("/webhook")
@payment.response(204)
def webhook() -> Response:
    """Hear what the gateway has to say, if it has signed it (Stripe-Signature)."""
    wired = wiring()
    signature = request.headers.get("Stripe-Signature")
    hear(read_webhook(request.get_data(), signature, wired.webhook_secret), wired.shop)
    return Response(status=204)
