"""Every colour, by what it means: good is green and bad is red wherever either is drawn.

The colours are those of Okabe and Ito, "Color Universal Design" (2008), which people who cannot
tell red from green can tell apart.
"""

from collections.abc import Mapping

GREEN, RED, ORANGE, YELLOW = "#009E73", "#D55E00", "#E69F00", "#F0E442"
SKY, BLUE, PURPLE, GREY = "#56B4E9", "#0072B2", "#CC79A7", "#999999"
GOOD, WARNING, BAD, NEUTRAL = GREEN, ORANGE, RED, SKY

Colours = Mapping[str, str]
"""Colours by the name of a series as the legend shows it, or by `/a regular expression/`."""

PLAIN: Colours = {}
"""The names are not known beforehand: Grafana chooses, the same colour for a name everywhere."""

STATES: Colours = {
    "pending": SKY,
    "awaiting_payment": YELLOW,
    "confirmed": GREEN,
    "rejected": RED,
    "cancelled": GREY,
    "shipped": BLUE,
    "delivered": "#004D73",
    "refunded": PURPLE,
}

STATUSES: Colours = {"/^2..$/": GREEN, "/^3..$/": SKY, "/^4..$/": YELLOW, "/^5..$/": RED}

CODES: Colours = {
    "OK": GREEN,
    "/^(UNKNOWN|INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS|UNIMPLEMENTED)$/": RED,
    "/^(CANCELLED|.*ARGUMENT|NOT_.*|.*EXISTS|.*_DENIED|.*EXHAUSTED|.*PRECONDITION|ABORTED|OUT_.*|UNAUTH.*)$/": YELLOW,
}

OUTCOMES: Colours = {
    "ok": GREEN,
    "refused": YELLOW,
    "error": RED,
    "timeout": ORANGE,
    "unreachable": PURPLE,
    "not_asked": GREY,
}

STEP_OUTCOMES: Colours = {"done": GREEN, "refused": YELLOW, "waiting": SKY, "unknown": RED}
LOOP_OUTCOMES: Colours = {"busy": GREEN, "idle": GREY, "failed": RED}
QUANTILES: Colours = {"p50": SKY, "p95": BLUE, "p99": PURPLE}

JOBS: Colours = {
    "users": PURPLE,
    "inventory": GREEN,
    "inventory-rpc": "#44C8A0",
    "orders": BLUE,
    "orders-work": SKY,
    "gateway": ORANGE,
    "audit": GREY,
}

DEPENDENCIES: Colours = {
    "inventory": GREEN,
    "gateway": ORANGE,
    "users": PURPLE,
    "subscribers": SKY,
    "orders": BLUE,
    "mail": GREY,
}

DATABASE_ERRORS: Colours = {
    "unavailable": RED,
    "lost": PURPLE,
    "deadlock": YELLOW,
    "timeout": ORANGE,
    "other": GREY,
}

PAYMENTS: Colours = {
    "succeeded": GREEN,
    "declined": RED,
    "canceled": GREY,
}
RESERVATIONS: Colours = {"reserved": SKY, "committed": GREEN, "released": GREY, "refused": YELLOW}
IMPORTS: Colours = {"created": GREEN, "updated": BLUE, "unchanged": GREY, "rejected": RED}
LOGINS: Colours = {"ok": GREEN, "new": GREEN, "known": GREY, "wrong": YELLOW, "refused": YELLOW,
                   "throttled": ORANGE, "disabled": PURPLE}  # fmt: skip
MAILS: Colours = {"sent": GREEN, "failed": YELLOW, "given_up": RED, "not_owed": GREY,
                  "discarded": GREY}  # fmt: skip
WEBHOOKS: Colours = {"new": GREEN, "duplicate": GREY, "taken": GREEN, "failed": RED,
                     "waiting": SKY, "given up": RED}  # fmt: skip
AUDITS: Colours = {"clean": GREEN, "findings": RED, "failed": ORANGE}
PROMISES: Colours = {
    "browse errors": SKY,
    "browse slow": BLUE,
    "checkout errors": ORANGE,
    "checkout slow": PURPLE,
}
