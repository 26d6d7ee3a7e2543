"""What Grafana reads when it starts."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from store.monitoring.dashboards.testing import GRAFANA

ENVIRON = {"PROMETHEUS_URL": "http://prometheus:9090", "DASHBOARDS_PATH": "/dashboards"}


def provisioned(name: str, environ: Mapping[str, str] = ENVIRON) -> Any:
    """A file as Grafana reads it: `$NAME` in its values is the environment's."""
    text = (GRAFANA / "provisioning" / name).read_text()
    without_comments = re.sub(r"#.*", "", text)
    filled = re.sub(r"\$(\w+)", lambda found: environ[found[1]], without_comments)
    return yaml.safe_load(filled)


def test_grafana_asks_the_prometheus_of_its_environment() -> None:
    (source,) = provisioned("datasources/prometheus.yaml")["datasources"]
    assert (source["uid"], source["type"]) == ("prometheus", "prometheus")
    assert source["url"] == "http://prometheus:9090"


def test_grafana_shows_the_dashboards_of_its_environment() -> None:
    (provider,) = provisioned("dashboards/store.yaml")["providers"]
    assert provider["options"] == {"path": "/dashboards"}
    assert provider["allowUiUpdates"] is False


def test_grafana_knows_how_often_prometheus_scrapes() -> None:
    prometheus = yaml.safe_load((GRAFANA / "prometheus.yml").read_text())
    (source,) = provisioned("datasources/prometheus.yaml")["datasources"]
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
