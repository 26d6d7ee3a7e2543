"""Grafana on a laptop: our data source and dashboards, nobody logs in, nothing leaves the machine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from store.monitoring.programs import installed

HOME_DASHBOARD = "overall.json"
HOMES = ("", "share/grafana", "../share/grafana")
"""Where Grafana's own files may be, seen from above its bin/."""


def grafana_program() -> str:
    """The path of Grafana; CannotWatch if there is none."""
    return installed(
        ["grafana", "grafana-server"],
        "Grafana is not installed, so there are no dashboards to look at. Its publisher, Grafana Labs, "
        "has packages for most systems; with their repository on Debian and Ubuntu: "
        "apt-get install grafana",
    )


@dataclass(frozen=True)
class LocalGrafana:
    """One Grafana: what it writes is in its folder; `source` is our folder of what it reads."""

    folder: Path
    source: Path
    host: str
    port: int
    prometheus_url: str

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def dashboards(self) -> Mapping[str, str]:
        """The addresses of our dashboards by their titles."""
        files = sorted(self._dashboards.glob("*.json"))
        found = (json.loads(file.read_text()) for file in files)
        return {board["title"]: f"{self.url}/d/{board['uid']}" for board in found}

    def command(self, program: str) -> list[str]:
        """The command line; newer ones are one program with commands, older ones a program each."""
        serve = ["server"] if Path(program).name == "grafana" else []
        return [program, *serve, f"--homepath={home_of(Path(program))}"]

    def environ(self) -> Mapping[str, str]:
        """Its settings: on the loopback everyone may look and explore, and nobody is admin."""
        return {
            "GF_PATHS_DATA": str(self.folder / "data"),
            "GF_PATHS_LOGS": str(self.folder / "log"),
            "GF_PATHS_PLUGINS": str(self.folder / "plugins"),
            "GF_PATHS_PROVISIONING": str((self.source / "provisioning").absolute()),
            "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(self._dashboards / HOME_DASHBOARD),
            "GF_SERVER_HTTP_ADDR": self.host,
            "GF_SERVER_HTTP_PORT": str(self.port),
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_AUTH_ANONYMOUS_ORG_ROLE": "Editor",
            "GF_AUTH_DISABLE_LOGIN_FORM": "true",
            "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
            "GF_NEWS_NEWS_FEED_ENABLED": "false",
            "GF_LOG_MODE": "console",
            "GF_LOG_LEVEL": "warn",
            "PROMETHEUS_URL": self.prometheus_url,
            "DASHBOARDS_PATH": str(self._dashboards),
        }

    @property
    def _dashboards(self) -> Path:
        return (self.source / "dashboards").absolute()


def home_of(program: Path) -> Path:
    """The folder of Grafana's own files, which lies elsewhere in each package of it."""
    above = program.resolve().parent.parent
    folders = [*(above / home for home in HOMES), Path("/usr/share/grafana")]
    has_defaults = (folder for folder in folders if (folder / "conf" / "defaults.ini").is_file())
    return next(has_defaults, folders[-1])
