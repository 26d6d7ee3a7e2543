"""What an intent keeps and repeats without acting on it."""

from typing import Any

from store.gateway.parameters import Parameters, invalid, missing

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def read_options(given: Parameters) -> dict[str, Any]:
    """What the intent keeps and repeats without acting on it."""
    return {
        "automatic_payment_methods": _automatic(given),
        "confirmation_method": given.one_of(
            "confirmation_method", ("automatic", "manual"), "automatic"
        ),
        "payment_method_types": _types(given),
        "receipt_email": given.text("receipt_email", most=320),
        "shipping": _shipping(given),
        "statement_descriptor_suffix": given.text("statement_descriptor_suffix", most=22),
    }


def _automatic(given: Parameters) -> dict[str, Any] | None:
    nested = given.object("automatic_payment_methods")
    if nested is None:
        return None
    automatic = {
        "allow_redirects": nested.one_of("allow_redirects", ("always", "never"), "always"),
        "enabled": nested.flag("enabled"),
    }
    nested.refuse_the_rest()
    return automatic


def _types(given: Parameters) -> list[str] | None:
    types = given.texts("payment_method_types")
    for wanted in types:
        if wanted != "card":
            message = f"The payment method type provided: {wanted} is invalid; only card is known."
            raise invalid("payment_method_types", message, "payment_intent_invalid_parameter")
    return list(types) or None


def may_redirect(options: dict[str, Any]) -> bool:
    """Whether the buyer may be sent elsewhere, so that a `return_url` is needed.

    Automatic payment methods are on unless types are named (Stripe API since 2023-08-16).
    """
    automatic = options["automatic_payment_methods"] or {"enabled": True, "allow_redirects": ""}
    asked = options["payment_method_types"] is None and automatic["enabled"]
    return bool(asked and automatic["allow_redirects"] != "never")


def _shipping(given: Parameters) -> dict[str, Any] | None:
    nested = given.object("shipping")
    if nested is None:
        return None
    address = nested.object("address")
    if address is None:
        raise missing("shipping[address]")
    shipping: dict[str, Any] = {"address": {name: address.text(name) for name in _ADDRESS}}
    shipping |= {name: nested.text(name) for name in ("carrier", "phone", "tracking_number")}
    shipping["name"] = nested.text("name", required=True)
    address.refuse_the_rest()
    nested.refuse_the_rest()
    return shipping
