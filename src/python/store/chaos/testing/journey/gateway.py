"""Every request to the payment gateway, as to Stripe's API."""

from typing import Any

from store.chaos.testing.journey.service_client import ServiceClient

INTENTS = "/v1/payment_intents"
AMOUNT_AND_CARD = {"amount": "1000", "currency": "eur", "payment_method": "pm_card_visa"}
NO_REDIRECT = {
    "automatic_payment_methods[enabled]": "true",
    "automatic_payment_methods[allow_redirects]": "never",
}


class GatewayUser:
    """Another user of the gateway than the orders service."""

    def __init__(self, gateway_url: str, key: str) -> None:
        self._gateway = ServiceClient(gateway_url, key)

    def run(self) -> None:
        """One payment that is captured and given back, one that is cancelled, and all the lists."""
        path = f"{INTENTS}/{self._pay()}"
        self._form(path, {"description": "A journey"})
        self._form(f"{path}/confirm", {})
        charge = self._form(f"{path}/capture", {})["latest_charge"]
        refund = self._form("/v1/refunds", {"charge": charge, "amount": "1"})
        self._form(f"{INTENTS}/{self._pay()}/cancel", {})
        for read in (INTENTS, path, "/v1/refunds", f"/v1/refunds/{refund['id']}"):
            self._gateway.get(read)
        self._gateway.get(f"/v1/charges/{charge}")
        event = self._gateway.get("/v1/events")["data"][0]["id"]
        self._gateway.get(f"/v1/events/{event}")
        self._gateway.get(f"/v1/test_helpers/events/{event}/deliveries")
        self._gateway.request("GET", "/")

    def inject_fault(self, kind: str, times: int) -> None:
        """Let so many of its next calls go wrong."""
        self._form("/v1/test_helpers/faults", {"kind": kind, "times": str(times)})
        self._gateway.get("/v1/test_helpers/faults")

    def clear_faults(self) -> None:
        self._gateway.request("DELETE", "/v1/test_helpers/faults")

    def _pay(self) -> str:
        return str(
            self._form(INTENTS, {**AMOUNT_AND_CARD, **NO_REDIRECT, "capture_method": "manual"})[
                "id"
            ]
        )

    def _form(self, path: str, fields: dict[str, str]) -> Any:
        return self._gateway.request("POST", path, data=fields).json()
