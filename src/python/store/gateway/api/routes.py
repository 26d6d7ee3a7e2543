"""The addresses of Stripe's API that we speak, and those that order misbehaviour."""

from functools import partial

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from store.gateway.api import list_schemas, pages, schemas
from store.gateway.api.idempotency import perform
from store.gateway.api.wire import (
    authenticate,
    misbehave,
    new_unit,
    read_body,
    respond,
    settings,
    show,
)
from store.gateway.models.deliveries import deliveries_of
from store.gateway.models.faults import all_faults, delete_faults, insert_fault
from store.gateway.use_cases import attempts, events, payments, refunds
from store.server.http.blueprint import Blueprint

api = Blueprint("stripe", __name__, url_prefix="/v1")
api.before_request(authenticate)
api.before_request(misbehave)
test_helpers = Blueprint("test_helpers", __name__, url_prefix="/v1/test_helpers")
test_helpers.before_request(authenticate)
hosted = Blueprint("hosted", __name__)


@api.post("/payment_intents")
def create_payment_intent() -> Response:
    """Create a payment intent, and try it when `confirm` is true."""
    return perform(schemas.read_new_intent, payments.create)


@api.get("/payment_intents")
def list_payment_intents() -> Response:
    """List payment intents, newest first."""
    return show(list_schemas.read_list, partial(payments.page, settings().public_url))


@api.get("/payment_intents/<intent_id>")
def retrieve_payment_intent(intent_id: str) -> Response:
    """Retrieve a payment intent."""
    find = partial(payments.retrieve, settings().public_url, intent_id)
    return show(list_schemas.read_expansion, find)


@api.post("/payment_intents/<intent_id>")
def update_payment_intent(intent_id: str) -> Response:
    """Change metadata, description, amount or payment method."""
    return perform(schemas.read_change, partial(payments.update, intent_id))


@api.post("/payment_intents/<intent_id>/confirm")
def confirm_payment_intent(intent_id: str) -> Response:
    """Try the payment."""
    return perform(schemas.read_confirmation, partial(payments.confirm, intent_id))


@api.post("/payment_intents/<intent_id>/capture")
def capture_payment_intent(intent_id: str) -> Response:
    """Take the authorised money, or a part of it."""
    return perform(schemas.read_capture, partial(payments.capture, intent_id))


@api.post("/payment_intents/<intent_id>/cancel")
def cancel_payment_intent(intent_id: str) -> Response:
    """End a payment that has not succeeded."""
    return perform(schemas.read_cancellation, partial(payments.cancel, intent_id))


@api.post("/refunds")
def create_refund() -> Response:
    """Give money back."""
    return perform(schemas.read_new_refund, refunds.create)


@api.get("/refunds")
def list_refunds() -> Response:
    """List refunds, newest first; of one `payment_intent` or `charge` if named."""
    return show(list_schemas.read_refund_list, refunds.page)


@api.get("/refunds/<refund_id>")
def retrieve_refund(refund_id: str) -> Response:
    """Retrieve a refund."""
    return respond(refunds.retrieve(refund_id))


@api.get("/charges/<charge_id>")
def retrieve_charge(charge_id: str) -> Response:
    """Retrieve a charge."""
    return respond(refunds.retrieve_charge(charge_id))


@api.get("/events")
def list_events() -> Response:
    """List events, newest first; of one `type` if named."""
    return show(list_schemas.read_event_list, events.page)


@api.get("/events/<event_id>")
def retrieve_event(event_id: str) -> Response:
    """Retrieve an event."""
    return respond(events.retrieve(event_id))


@test_helpers.get("/events/<event_id>/deliveries")
def list_deliveries(event_id: str) -> Response:
    """How an event's deliveries to the webhook are doing."""
    return respond({"data": deliveries_of(event_id)})


@test_helpers.post("/faults")
def order_fault() -> Response:
    """Order misbehaviour: `kind`, and where it matters `path`, `times` and `seconds`."""
    return respond(insert_fault(read_body(schemas.read_fault)))


@test_helpers.get("/faults")
def list_faults() -> Response:
    """Every fault that was ordered, used up or not."""
    return respond({"data": all_faults()})


@test_helpers.delete("/faults")
def forget_faults() -> Response:
    """Behave again."""
    return respond({"deleted": delete_faults()})


@hosted.get("/challenges/<challenge>")
def show_challenge(challenge: str) -> str:
    """The 3-D Secure challenge, for the buyer."""
    return pages.challenge_page(attempts.challenged(challenge))


@hosted.post("/challenges/<challenge>")
def answer_challenge(challenge: str) -> ResponseReturnValue:
    """Pass (`outcome=complete`) or fail (`outcome=fail`) the challenge."""
    passed = read_body(schemas.read_outcome) == "complete"
    intent = attempts.answer_challenge(new_unit(), challenge, passed=passed)
    if intent.return_url is None:
        return pages.done_page(intent)
    return redirect(pages.return_url(intent, passed=passed), 303)
