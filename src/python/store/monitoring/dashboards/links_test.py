"""Every way out of a panel leads somewhere, and to every alert leads a way."""

import re

from store.monitoring.dashboards.testing import BOARDS, GRAFANA, SERVICES, alerts, panels_of

URLS = {
    name: {link["url"] for panel in panels_of(board) for link in panel["links"]}
    for name, board in BOARDS.items()
}
EVERY_URL = set[str]().union(*URLS.values())


def sections() -> set[str]:
    """The anchors of the runbooks, as GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", (GRAFANA / "runbooks.md").read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_link_leads_to_a_dashboard_or_to_a_section_of_the_runbooks() -> None:
    boards = {f"/d/{board['uid']}?${{__url_time_range}}" for board in BOARDS.values()}
    runbooks = {f"${{runbooks}}#{section}" for section in sections()}
    assert not EVERY_URL - boards - runbooks


def test_every_alert_has_a_panel_that_shows_it_coming() -> None:
    wanted = {f"${{runbooks}}#{alert.lower()}" for alert in alerts()}
    assert wanted
    assert not wanted - EVERY_URL


def test_overall_health_leads_to_every_service() -> None:
    assert {f"/d/store-{service}?${{__url_time_range}}" for service in SERVICES} <= URLS["overall"]
