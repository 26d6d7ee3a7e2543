"""Webhook endpoints over HTTP: admins change them, staff look and redeliver."""

from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, url_for

from store.auth.callers import Role
from store.auth.http import current_caller, role_required
from store.database.idempotency import IdempotentRequest
from store.orders.api.answers import answer_once, shown
from store.orders.api.schemas import KeyHeaders
from store.orders.webhooks import endpoints, redelivery, register
from store.orders.webhooks.dependencies import EXTENSION, WebhookDependencies
from store.orders.webhooks.guide import GUIDE
from store.orders.webhooks.redelivery import Redelivery, TrackedDelivery
from store.orders.webhooks.register import EndpointStatus
from store.orders.webhooks.schemas import (
    DeliveryArgs,
    DeliveryOut,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    EndpointWithSecretOut,
    RedeliveredOut,
    RedeliverIn,
    TrialOut,
)
from store.orders.webhooks.trial import Trial, try_endpoint
from store.server.http.blueprint import Blueprint
from store.server.http.etags import IF_MATCH, etag, tagged, wanted_version
from store.server.http.pages import Page, page_request
from store.server.http.schemas import PageArgs, page_schema

_EVENT_ID = f"<int(max={2**63 - 1}):event_id>"
_with_secret = EndpointWithSecretOut()

webhooks = Blueprint("webhooks", __name__, url_prefix="/v1/webhook-endpoints", description=GUIDE)


@webhooks.after_request
def keep_nothing(answer: Response) -> Response:
    """Secrets and backlogs are for nobody's cache."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


@webhooks.post("")
@role_required(Role.ADMIN)
@webhooks.arguments(KeyHeaders, location="headers")
@webhooks.arguments(EndpointIn)
@webhooks.response(201, EndpointWithSecretOut)
def create(headers: dict[str, str], wanted: dict[str, Any]) -> Response:
    """Have a program told of events. The answer is the only one that shows the secret."""
    admin, needs = current_caller(), webhook_dependencies()

    def work(begun: IdempotentRequest) -> Response:
        made = endpoints.create_endpoint(wanted, admin, begun, needs.cipher, needs.subscribers)
        return _shown_once(*made, 201)

    return answer_once(headers["key"], work, needs.cipher)


@webhooks.get("")
@role_required(Role.STAFF)
@webhooks.arguments(PageArgs, location="query")
@webhooks.response(200, page_schema(EndpointOut))
def list_endpoints(args: dict[str, Any]) -> Page[EndpointStatus]:
    """All endpoints, newest first."""
    return endpoints.endpoints_page(page_request(endpoints.ENDPOINTS_BY_AGE, args, UUID))


@webhooks.get("/<uuid:endpoint_id>")
@role_required(Role.STAFF)
@webhooks.response(200, EndpointOut)
def show(endpoint_id: UUID) -> tuple[EndpointStatus, dict[str, str]]:
    """One endpoint, with the ETag of its version."""
    endpoint = register.listed(endpoint_id)
    return tagged(endpoint, endpoint.version)


@webhooks.patch("/<uuid:endpoint_id>")
@role_required(Role.ADMIN)
@webhooks.doc(**IF_MATCH)
@webhooks.arguments(EndpointChange)
@webhooks.response(200, EndpointOut)
def change(changes: dict[str, Any], endpoint_id: UUID) -> tuple[EndpointStatus, dict[str, str]]:
    """Change an endpoint, pause it, or let it go on; If-Match names the version it is meant for."""
    version, needs = wanted_version(), webhook_dependencies()
    endpoint = endpoints.change_endpoint(endpoint_id, version, changes, needs.subscribers)
    return tagged(endpoint, endpoint.version)


@webhooks.delete("/<uuid:endpoint_id>")
@role_required(Role.ADMIN)
@webhooks.doc(**IF_MATCH)
@webhooks.response(204)
def remove(endpoint_id: UUID) -> None:
    """Forget an endpoint with all its deliveries; If-Match names the version it is meant for."""
    endpoints.remove_endpoint(endpoint_id, wanted_version())


@webhooks.post("/<uuid:endpoint_id>/secret")
@role_required(Role.ADMIN)
@webhooks.arguments(KeyHeaders, location="headers")
@webhooks.response(200, EndpointWithSecretOut)
def rotate(headers: dict[str, str], endpoint_id: UUID) -> Response:
    """Sign with a new secret, shown only here; for 24 hours with the one until now as well."""
    needs = webhook_dependencies()

    def work(begun: IdempotentRequest) -> Response:
        return _shown_once(*endpoints.rotate_secret(endpoint_id, begun, needs.cipher), 200)

    return answer_once(headers["key"], work, needs.cipher)


@webhooks.post("/<uuid:endpoint_id>/test")
@role_required(Role.STAFF)
@webhooks.response(200, TrialOut)
def send_test(endpoint_id: UUID) -> Trial:
    """Send a `webhook.test` now, also to a paused endpoint, and tell what was answered."""
    return try_endpoint(endpoint_id, webhook_dependencies().cipher)


@webhooks.get("/<uuid:endpoint_id>/deliveries")
@role_required(Role.STAFF)
@webhooks.arguments(DeliveryArgs, location="query")
@webhooks.response(200, page_schema(DeliveryOut))
def list_deliveries(args: dict[str, Any], endpoint_id: UUID) -> Page[TrackedDelivery]:
    """What has come of each event, the latest first. Delivered ones are forgotten after 30 days."""
    page = page_request(redelivery.deliveries_by_age(endpoint_id), args, int)
    return redelivery.deliveries_page(endpoint_id, args["state"], page)


@webhooks.post(f"/<uuid:endpoint_id>/deliveries/{_EVENT_ID}/redeliver")
@role_required(Role.STAFF)
@webhooks.response(202, DeliveryOut)
def redeliver(endpoint_id: UUID, event_id: int) -> TrackedDelivery:
    """Send an event again, whether it was delivered, is dead or waits."""
    return redelivery.redeliver(endpoint_id, event_id)


@webhooks.post("/<uuid:endpoint_id>/redeliver")
@role_required(Role.STAFF)
@webhooks.arguments(RedeliverIn)
@webhooks.response(202, RedeliveredOut)
def redeliver_dead(_wanted: dict[str, str], endpoint_id: UUID) -> Redelivery:
    """Try dead deliveries anew, up to 1,000, the oldest first; ask again while some are left."""
    return redelivery.redeliver_dead(endpoint_id)


def _shown_once(endpoint: EndpointStatus, secret: str, status: int) -> Response:
    answer = shown(_with_secret, {**vars(endpoint), "secret": secret}, status)
    answer.headers["ETag"] = etag(endpoint.version)
    if status == 201:
        answer.headers["Location"] = url_for("webhooks.show", endpoint_id=endpoint.id)
    return answer


def webhook_dependencies() -> WebhookDependencies:
    """What this application was made with."""
    return cast(WebhookDependencies, current_app.extensions[EXTENSION])
