"""Where one can go from a panel: the other dashboards, and the runbooks."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models

from store.monitoring.dashboards.sections import number_of

TAG = "virtual-store"
OVERALL, USERS, INVENTORY, ORDERS, RUNBOOKS = (
    "store-overall",
    "store-users",
    "store-inventory",
    "store-orders",
    "store-runbooks",
)

Links = Sequence[DashboardLink]


def runbooks(*alerts: str) -> list[DashboardLink]:
    """What to do about each of the alerts that a panel shows coming."""
    return [_link(f"Runbook: {alert}", runbook(alert), True) for alert in alerts]


def runbook(alert: str) -> str:
    """Where to read what to do about an alert; NoRunbook if nobody has written it.

    The number alone is understood by every Grafana; newer ones themselves write `panel-` before it.
    """
    return f"/d/{RUNBOOKS}?viewPanel={number_of(alert)}"


def board(uid: str) -> DashboardLink:
    """The dashboard that shows more of it, at the same time."""
    return _link(f"More: {uid.removeprefix('store-')}", f"/d/{uid}?${{__url_time_range}}", False)


def of_every_dashboard() -> list[Builder[models.DashboardLink]]:
    """At the top of each: the other dashboards, and the runbooks."""
    others = (
        DashboardLink("Dashboards")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .keep_time(True)
        .icon("external link")
    )
    return [others, _link("Runbooks", f"/d/{RUNBOOKS}", True).icon("doc")]


def _link(title: str, url: str, new_tab: bool) -> DashboardLink:
    link = DashboardLink(title).type(models.DashboardLinkType.LINK).url(url)
    return link.target_blank(new_tab)
