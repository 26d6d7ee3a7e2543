"""Where the payment gateway calls us."""

from flask import Response, request

from store.orders.api.answers import dependencies
from store.orders.clients.payment_signatures import check_signature
from store.orders.use_cases.gateway_events import receive_event
from store.server.http.blueprint import Blueprint

payment = Blueprint("payment", __name__, url_prefix="/v1/payment", description="For the gateway")


@payment.post("/webhook")
@payment.response(204)
def webhook() -> Response:
    """Hear what the gateway has to say, if it has signed it (Stripe-Signature)."""
    needs = dependencies()
    body = request.get_data()
    check_signature(body, request.headers.get("Stripe-Signature"), needs.webhook_secret)
    receive_event(body, needs.shop)
    return Response(status=204)
