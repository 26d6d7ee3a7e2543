"""The dashboard of users: people, sessions, mails and the key that signs."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from store.monitoring.dashboards.colours import LOGINS, MAILS
from store.monitoring.dashboards.interfaces import REST
from store.monitoring.dashboards.layout import PanelRow, service_board
from store.monitoring.dashboards.limits import KEY_LEFT, alarm
from store.monitoring.dashboards.links import USERS, runbooks
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, most, per_minute
from store.monitoring.dashboards.rows.database import database
from store.monitoring.dashboards.rows.dependencies import dependencies
from store.monitoring.dashboards.rows.glance import glance
from store.monitoring.dashboards.rows.loops import loops
from store.monitoring.dashboards.rows.red import rest
from store.monitoring.dashboards.rows.resources import resources
from store.monitoring.dashboards.units import COUNT, PER_MINUTE, SECONDS

_ALL = 'service="users"'


def users() -> Dashboard:
    return service_board(
        USERS,
        "Users",
        "Accounts, sessions and mails: whether people can register and log in.",
        "users",
        [
            glance("users", [REST]),
            rest("users"),
            dependencies("users"),
            database("users"),
            loops("users"),
            resources("users"),
            PanelRow(8, "Trade", [_sessions(), _guards(), _mails()]),
        ],
    )


def _sessions() -> list[Panel]:
    return [
        stacked(
            "Logins",
            "Many wrong ones beside the usual good ones are somebody trying passwords.",
            PER_MINUTE,
            Query(per_minute("users_logins_total", _ALL, "outcome"), "{{outcome}}"),
            colours=LOGINS,
        ),
        stacked(
            "Registrations",
            "Known means that the e-mail has an account already, which the answer does not reveal.",
            PER_MINUTE,
            Query(per_minute("users_registrations_total", _ALL, "outcome"), "{{outcome}}"),
            colours=LOGINS,
        ),
        stacked(
            "Refreshes",
            "Refused tokens are old or not ours; many at once are a client that goes on using an old one.",
            PER_MINUTE,
            Query(per_minute("users_refreshes_total", _ALL, "outcome"), "{{outcome}}"),
            colours=LOGINS,
        ),
    ]


def _guards() -> list[Panel]:
    return [
        lines(
            "Throttled",
            "Requests refused for coming too often: an attack, or a limit that is too low for an office.",
            PER_MINUTE,
            Query(per_minute("users_throttled_total", _ALL, "what"), "{{what}}"),
        ),
        lines(
            "Reused refresh tokens",
            "A token that is used twice ends its session: it was stolen, or a client repeats its requests.",
            PER_MINUTE,
            Query(per_minute("users_refresh_reuses_total", _ALL), "reuses"),
        ),
        lines(
            "Signing key: time left",
            "Jumps up when a new key takes over; if it falls to 0, rotation has stopped.",
            SECONDS,
            Query(f"min(users_signing_key_remaining_seconds{{{_ALL}}})", "until the next"),
            limit=KEY_LEFT,
            links=runbooks("SigningKeyExpiring"),
        ),
        lines(
            "Signing keys made in a day",
            "As many as the rotation needs; more means that keys were lost.",
            COUNT,
            Query(f"sum(increase(users_signing_keys_made_total{{{_ALL}}}[1d]))", "keys"),
        ),
    ]


def _mails() -> list[Panel]:
    kinds = per_minute("users_mails_total", _ALL, "kind")
    outcomes = per_minute("users_mails_total", _ALL, "outcome")
    return [
        stacked(
            "Mails by outcome",
            "Attempts to send; all that are not sent are retried or given up, and the log says why.",
            PER_MINUTE,
            Query(outcomes, "{{outcome}}"),
            colours=MAILS,
        ),
        lines(
            "Mails by kind",
            "If password resets rise alone, people are locked out, or somebody abuses the form.",
            PER_MINUTE,
            Query(kinds, "{{kind}}"),
        ),
        lines(
            "Mails waiting",
            "Mails that are not sent yet: grows when the mail server refuses them or cannot be reached.",
            COUNT,
            Query(most("users_mails_waiting", _ALL), "waiting"),
            links=runbooks("MailsLagging"),
        ),
        lines(
            "Oldest mail waiting",
            "Beyond the line people wait too long for a mail that verifies an address or resets a password.",
            SECONDS,
            Query(most("users_oldest_mail_seconds", _ALL), "age"),
            limit=alarm("MailsLagging"),
            links=runbooks("MailsLagging"),
        ),
    ]
