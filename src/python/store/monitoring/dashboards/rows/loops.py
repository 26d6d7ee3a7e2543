"""The loops of a service: what it does without being asked."""

from store.monitoring.dashboards.colours import LOOP_OUTCOMES
from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import alarm
from store.monitoring.dashboards.links import runbooks
from store.monitoring.dashboards.panels import Panel, lines, stacked
from store.monitoring.dashboards.promql import Query, chosen, quantile, rate, share
from store.monitoring.dashboards.units import SECONDS, SHARE, STEPS


def loops(service: str) -> PanelRow:
    """Steps taken, how they end, how long they take, and whether any loop stands still."""
    labels = chosen(service)
    return PanelRow(6, "Loops", [_panels(labels)])


def _panels(labels: str) -> list[Panel]:
    return [
        stacked(
            "Steps",
            "Idle steps find nothing to do; no idle ones left means that the loops cannot keep up.",
            STEPS,
            Query(rate("worker_steps_total", labels, "outcome"), "{{outcome}}"),
            colours=LOOP_OUTCOMES,
        ),
        lines(
            "Failed share of steps",
            "A step that fails is retried later; if the share stays, the fault does not pass by itself.",
            SHARE,
            Query(share("worker_steps_total", labels, 'outcome="failed"', "worker"), "{{worker}}"),
        ),
        lines(
            "Step duration, p99",
            "Rises when a step waits for the database or for another server.",
            SECONDS,
            Query(quantile(0.99, "worker_step_duration_seconds", labels, "worker"), "{{worker}}"),
        ),
        lines(
            "Age of the last step",
            "Of the slowest replica; beyond the line that loop hangs, and its work is left undone.",
            SECONDS,
            Query(
                f"max by (worker) (time() - worker_last_step_timestamp_seconds{{{labels}}})",
                "{{worker}}",
            ),
            limit=alarm("WorkerStalled"),
            links=runbooks("WorkerStalled"),
        ),
    ]
