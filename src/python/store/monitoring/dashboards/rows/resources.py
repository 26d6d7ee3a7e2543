"""What the processes of a service use, each by itself."""

from store.monitoring.dashboards.layout import PanelRow
from store.monitoring.dashboards.limits import alarm
from store.monitoring.dashboards.links import runbooks
from store.monitoring.dashboards.panels import Panel, lines
from store.monitoring.dashboards.promql import WINDOW, Query, chosen, quantile
from store.monitoring.dashboards.units import BYTES, CORES, COUNT, SECONDS, SHARE

_EACH = "{{job}} {{instance}}"


def resources(service: str) -> PanelRow:
    """Processor, memory, event loop; files, threads and how long each has been running."""
    labels = chosen(service)
    return PanelRow(7, "Resources", [_work(labels), _holdings(labels)])


def _work(labels: str) -> list[Panel]:
    return [
        lines(
            "CPU",
            "Near 1 a process is fully busy, since it uses one core at most: add replicas.",
            CORES,
            Query(f"rate(process_cpu_seconds_total{{{labels}}}[{WINDOW}])", _EACH),
        ),
        lines(
            "Memory",
            "Resident memory; a line that only climbs, over days, is a leak.",
            BYTES,
            Query(f"process_resident_memory_bytes{{{labels}}}", _EACH),
        ),
        lines(
            "Event-loop lag, p99",
            "How late a sleeping task wakes; when it rises, one request computes while all others wait.",
            SECONDS,
            Query(quantile(0.99, "event_loop_lag_seconds", labels, "job, instance"), _EACH),
            limit=alarm("EventLoopBlocked"),
            links=runbooks("EventLoopBlocked"),
        ),
    ]


def _holdings(labels: str) -> list[Panel]:
    files = f"process_open_fds{{{labels}}} / process_max_fds{{{labels}}}"
    return [
        lines(
            "Open files",
            "Of what the process may have, sockets included; at 100 % it takes no more connections.",
            SHARE,
            Query(files, _EACH),
            limit=alarm("FilesRunningOut"),
            links=runbooks("FilesRunningOut"),
        ),
        lines(
            "Threads",
            "Steady in a healthy process; one more after every error is a leak.",
            COUNT,
            Query(f"process_threads{{{labels}}}", _EACH),
        ),
        lines(
            "Running for",
            "A line that falls to 0 is a restart.",
            SECONDS,
            Query(f"time() - process_start_time_seconds{{{labels}}}", _EACH),
            links=runbooks("RestartingOften"),
        ),
    ]
