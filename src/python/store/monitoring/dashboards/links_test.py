"""Every way out of a panel leads somewhere, and to every alert leads a way."""

import re
from typing import Any

import pytest

from store.monitoring.dashboards import links
from store.monitoring.dashboards.sections import NoRunbook
from store.monitoring.dashboards.testing import (
    BOARDS,
    NUMBERS,
    SERVICES,
    alerts,
    every_board,
    panels_of,
)

LINKS = {
    name: {(link["title"], link["url"]) for panel in panels_of(board) for link in panel["links"]}
    for name, board in NUMBERS.items()
}
EVERY_LINK = set[tuple[str, str]]().union(*LINKS.values())
RUNBOOKS = {
    (f"Runbook: {panel['title']}", f"/d/store-runbooks?viewPanel={panel['id']}")
    for panel in panels_of(BOARDS["runbooks"])
}


def test_every_link_leads_to_a_dashboard_or_to_the_runbook_that_it_names() -> None:
    uids = {board["uid"] for board in NUMBERS.values()}
    more = {
        (f"More: {uid.removeprefix('store-')}", f"/d/{uid}?${{__url_time_range}}") for uid in uids
    }
    assert not EVERY_LINK - more - RUNBOOKS


@every_board
def test_no_link_leads_out_of_grafana(board: Any) -> None:
    urls = {link["url"] for shown in (board, *panels_of(board)) for link in shown.get("links", [])}
    addresses = urls - {""}  # which is that of the list of all dashboards
    assert addresses
    assert all(re.match(r"/d/store-\w+", address) for address in addresses)


def test_every_alert_has_a_panel_that_shows_it_coming() -> None:
    wanted = {f"Runbook: {alert}" for alert in alerts()}
    assert wanted
    assert not wanted - {title for title, _ in EVERY_LINK}


@every_board
def test_the_runbooks_are_at_the_top_of_each_dashboard(board: Any) -> None:
    (address,) = (link["url"] for link in board["links"] if link["title"] == "Runbooks")
    assert address == f"/d/{BOARDS['runbooks']['uid']}"


def test_an_alert_without_a_runbook_cannot_be_linked_to() -> None:
    with pytest.raises(NoRunbook, match=r"NobodyKnows has no section in grafana/runbooks\.md"):
        links.runbooks("TargetDown", "NobodyKnows")


def test_overall_health_leads_to_every_service() -> None:
    wanted = {f"/d/store-{service}?${{__url_time_range}}" for service in SERVICES}
    assert wanted <= {url for _, url in LINKS["overall"]}
