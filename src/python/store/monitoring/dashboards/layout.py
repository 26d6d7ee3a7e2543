"""Rows of panels become a dashboard: a grid without gaps, and what every dashboard has."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from store.monitoring.dashboards import links
from store.monitoring.dashboards.annotations import ALERTS, RESTARTS
from store.monitoring.dashboards.panels import SOURCE, Panel

COLUMNS = 24
HEIGHT = 8
LOW = 4


@dataclass(frozen=True)
class PanelRow:
    """A headline, and lines of panels under it; the panels of a line share its width equally.

    A row has the same number wherever it is, and its panels are numbered by it.
    """

    number: int
    title: str
    lines: Sequence[Sequence[Panel]]
    heights: Sequence[int] = ()

    def height_of(self, line: int) -> int:
        return self.heights[line] if self.heights else HEIGHT


def board(uid: str, title: str, about: str, rows: Sequence[PanelRow]) -> dashboard.Dashboard:
    """The dashboard of these rows, as it is now and has been for an hour."""
    made = _board(uid, title, about, rows)
    made.refresh("30s").time("now-1h", "now").tooltip(DashboardCursorSync.CROSSHAIR)
    return made.annotations([RESTARTS, ALERTS]).with_variable(_source())


def service_board(
    uid: str, title: str, about: str, service: str, rows: Sequence[PanelRow]
) -> dashboard.Dashboard:
    """The dashboard of one service, of which one can choose the replicas."""
    return board(uid, title, about, rows).with_variable(_replicas(service))


def words_board(uid: str, title: str, about: str, rows: Sequence[PanelRow]) -> dashboard.Dashboard:
    """A dashboard of text: it has no numbers, so no data source and no time to choose."""
    return _board(uid, title, about, rows).timepicker(dashboard.TimePicker().hidden(True))


def _board(uid: str, title: str, about: str, rows: Sequence[PanelRow]) -> dashboard.Dashboard:
    made = dashboard.Dashboard(title).uid(uid).description(about).tags([links.TAG]).readonly()
    made.links(links.of_every_dashboard())
    for row in rows:
        _add(made, row)
    return made


def _add(made: dashboard.Dashboard, row: PanelRow) -> None:
    number = row.number * 100
    made.with_row(dashboard.Row(f"{row.number}. {row.title}").id(number))
    for position, line in enumerate(row.lines):
        for panel in line:
            number += 1
            panel.id(number).span(COLUMNS // len(line)).height(row.height_of(position))
            made.with_panel(panel)


def _source() -> dashboard.DatasourceVariable:
    return dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _replicas(service: str) -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable("instance").label("Replica").datasource(SOURCE)
    variable.query(f'label_values(up{{service="{service}"}}, instance)').multi(True)
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    everything = VariableOption(selected=True, text="All", value="$__all")
    return variable.include_all(True).all_value(".*").current(everything)
