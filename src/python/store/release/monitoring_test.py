"""What watches a release: the rules and dashboards that we test, asked of everything that runs."""

from pathlib import Path

from store.release.testing import SETS, rendered

GRAFANA = Path("grafana")
DASHBOARD_FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
CONFIGURATION = "/etc/prometheus/config/prometheus.yml"
DAYS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}

WATCHED = [name for name in SETS if rendered(*SETS[name]).of("StatefulSet")]
