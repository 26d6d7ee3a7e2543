"""The dashboard to open first: is the shop selling, and if not, where to look."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from store.monitoring.dashboards.colours import JOBS
from store.monitoring.dashboards.layout import HEIGHT, LOW, PanelRow, board
from store.monitoring.dashboards.links import OVERALL, runbooks
from store.monitoring.dashboards.overall_health import saturation, symptoms, wrong
from store.monitoring.dashboards.overall_sales import promises, selling
from store.monitoring.dashboards.panels import Panel, lines, listing
from store.monitoring.dashboards.promql import Query
from store.monitoring.dashboards.units import COUNT, SECONDS


def overall() -> Dashboard:
    """From the shop as a whole down to what changed."""
    return board(
        OVERALL,
        "Overall health",
        "Is the shop selling? If not: what is broken, what is full, and what changed.",
        [
            PanelRow(1, "Is the shop selling?", selling(), heights=(LOW, HEIGHT)),
            PanelRow(2, "What we promise", promises(), heights=(LOW, HEIGHT)),
            PanelRow(3, "What is wrong", wrong()),
            PanelRow(4, "Requests, errors and durations", symptoms()),
            PanelRow(5, "Saturation", saturation()),
            PanelRow(6, "What changed", [_changes()]),
        ],
    )


def _changes() -> list[Panel]:
    return [
        listing(
            "Versions",
            "What runs now; two versions of one process are a deployment under way, or one that got stuck.",
            Query("count by (job, version) (build_info)"),
            columns={"job": "process", "version": "version", "Value": "replicas"},
            empty="No process answers.",
        ),
        lines(
            "Restarts",
            "Starts of a process that had run before, in five minutes: compare with when the trouble began.",
            COUNT,
            Query("sum by (job) (changes(process_start_time_seconds[5m]))", "{{job}}"),
            colours=JOBS,
            links=runbooks("RestartingOften"),
        ),
        lines(
            "Running for",
            "The youngest replica of each process; a line that falls to 0 is a start.",
            SECONDS,
            Query("min by (job) (time() - process_start_time_seconds)", "{{job}}"),
            colours=JOBS,
            links=runbooks("RestartingOften"),
        ),
    ]
