"""What watches a release: the rules and dashboards that we test, asked of everything that runs."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.monitoring.promtool import check_configuration, promtool_program
from store.monitoring.targets import SERVICE_OF
from store.monitoring.testing import RULE_FILES, needed
from store.release.objects import Json, Object, Objects
from store.release.quantities import bytes_of
from store.release.testing import SETS, rendered

GRAFANA = Path("grafana")
DASHBOARD_FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
CONFIGURATION = "/etc/prometheus/config/prometheus.yml"
DAYS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}

WATCHED = [name for name in SETS if rendered(*SETS[name]).of("StatefulSet")]
