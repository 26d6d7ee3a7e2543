"""Options that a payment intent keeps and shows, without acting on them."""

from typing import Any

from store.gateway.api.parameters import Parameters, invalid, missing

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def read_options(given: Parameters) -> dict[str, Any]:
    automatic, allowed = _automatic(given), _types(given)
    if automatic and allowed:
        message = "You may only specify one of these parameters: allowed_payment_method_types,"
        raise invalid("allowed_payment_method_types", f"{message} automatic_payment_methods.")
    methods = ("automatic", "manual")
    return {
        "automatic_payment_methods": automatic,
        "allowed_payment_method_types": allowed,
        "confirmation_method": given.one_of("confirmation_method", methods, "automatic"),
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
    name = "allowed_payment_method_types"
    types = given.texts(name)
    if types and "card" not in types:
        raise invalid(name, "No payment method type is left: this gateway knows only card.")
    return list(types) or None


def may_redirect(options: dict[str, Any]) -> bool:
    """Whether the buyer may be sent elsewhere, so that a `return_url` is needed.

    Automatic payment methods are on unless types are named (Stripe's API since 2023-08-16).
    """
    automatic = options["automatic_payment_methods"] or {"enabled": True, "allow_redirects": ""}
    dynamic = options["allowed_payment_method_types"] is None and automatic["enabled"]
    return bool(dynamic and automatic["allow_redirects"] != "never")


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
