"""The dashboard of the runbooks says what grafana/runbooks.md says, and leads to what it names."""

import re
from typing import Any

import pytest

from store.monitoring.dashboards import links
from store.monitoring.dashboards.runbooks import linked
from store.monitoring.dashboards.testing import BOARDS, GRAFANA, NUMBERS, alerts, panels_of

BOARD = BOARDS["runbooks"]
PANELS = {panel["title"]: panel for panel in panels_of(BOARD)}
SAID = {title: panel["options"]["content"] for title, panel in PANELS.items()}
THERE = {
    f"/d/{board['uid']}?viewPanel={panel['id']}": panel["title"]
    for board in BOARDS.values()
    for panel in panels_of(board)
}
ADDRESSES = {("Orders", "Time to confirm"): "/d/store-orders?viewPanel=801"}
LINK = re.compile(r"\[([^]]+)\]\((/d/[^)]+)\)")


def test_what_fires_when_comes_first_and_then_everything_in_the_order_of_the_file() -> None:
    headings = re.findall(r"^##? (.+)$", (GRAFANA / "runbooks.md").read_text(), re.MULTILINE)
    about, first, *books = headings
    assert list(PANELS) == [first, about, *books]
    assert first == "What fires when"
    assert set(books) == set(alerts())


def test_nothing_of_the_file_is_left_out_or_changed() -> None:
    text = (GRAFANA / "runbooks.md").read_text()
    for title, said in SAID.items():
        plain = LINK.sub(r"\1", said)
        assert re.search(rf"^##? {re.escape(title)}\n\n{re.escape(plain)}$", text, re.MULTILINE)
        text = text.replace(plain, "")
    assert not re.sub(r"^##? .+$", "", text, flags=re.MULTILINE).strip()


@pytest.mark.parametrize("title", SAID)
def test_a_name_leads_to_the_panel_of_that_name(title: str) -> None:
    for name, address in LINK.findall(SAID[title]):
        assert " ".join(name.split()).strip("*").split(" › ")[-1] == THERE[address]


def test_every_panel_and_every_alert_that_is_named_is_a_link() -> None:
    named = {f"{board['title']} › {panel['title']}" for board in NUMBERS.values()
             for panel in panels_of(board)}  # fmt: skip
    for title, said in SAID.items():
        plain = " ".join(LINK.sub("", said).split())
        assert not {name for name in named if f"*{name}*" in plain}
        assert not {alert for alert in alerts() if re.search(rf"\b{alert}\b", plain)} - {title}


@pytest.mark.parametrize("name", ["Orders › Time to\nconfirm", "Orders ›\nTime to confirm"])
def test_a_panel_is_a_link_also_where_its_name_goes_over_two_lines(name: str) -> None:
    wanted = f"See [*{name}*](/d/store-orders?viewPanel=801)."
    assert linked(f"See *{name}*.", ADDRESSES) == wanted


def test_what_is_no_panel_of_ours_stays_as_it_is() -> None:
    for words in ("*Status › Targets*", "*CPU*", "`OrdersStuck`", "`*Orders › Time to confirm*`"):
        assert linked(words, ADDRESSES) == words


def test_a_runbook_leads_to_others_and_not_to_itself() -> None:
    words = linked("TargetDown or OrdersStuck", {}, here="TargetDown")
    assert words == f"TargetDown or [OrdersStuck]({links.runbook('OrdersStuck')})"


@pytest.mark.parametrize("panel", PANELS.values(), ids=list(PANELS))
def test_a_panel_is_markdown_and_asks_nobody(panel: Any) -> None:
    assert (panel["type"], panel["options"]["mode"]) == ("text", "markdown")
    assert not panel.get("targets")
    assert "datasource" not in panel


def test_there_is_no_time_to_choose_where_nothing_is_drawn() -> None:
    assert BOARD["timepicker"]["hidden"] is True
    assert "refresh" not in BOARD
    assert BOARD["annotations"] == {}
