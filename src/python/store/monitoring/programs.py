"""The programs of others that watch a store: where they are, how they start, how to get them.

watch = LocalPrometheus(folder, "127.0.0.1:9090")
watch.set_up(Path("grafana"), targets_json(processes))
subprocess.Popen(watch.command(prometheus_program()))
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GRAFANA = Path("grafana")
"""Where configuration, rules and dashboards lie in the repository: we run at its root."""

BESIDES = ("/usr/sbin", "/usr/local/bin", "/usr/bin", "/usr/share/grafana/bin")
"""Where programs are looked for beside PATH: a user's own may leave these out."""

CONFIGURATION, RULES = "prometheus.yml", "rules"


class CannotWatch(Exception):
    """The text names what is missing, what is missed without it, and what helps."""


def prometheus_program() -> str:
    """The path of Prometheus; CannotWatch if there is none."""
    return installed(
        ["prometheus"],
        "Prometheus is not installed, so nothing is measured and no alert fires. On Debian and Ubuntu: "
        "apt-get install prometheus (its own service is not needed: "
        "systemctl disable --now prometheus)",
    )


def installed(names: Sequence[str], otherwise: str) -> str:
    """The path of the first of these programs that is there; CannotWatch says `otherwise`."""
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *BESIDES))
    found = (shutil.which(name, path=folders) for name in names)
    path = next((each for each in found if each), None)
    if path is None:
        raise CannotWatch(otherwise)
    return path


@dataclass(frozen=True)
class LocalPrometheus:
    """One Prometheus: everything it reads and writes is in its folder; `address` is host:port."""

    folder: Path
    address: str

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def configuration(self) -> Path:
        return self.folder / CONFIGURATION

    def set_up(self, grafana: Path, targets: str) -> None:
        """Lay configuration and rules into its folder, as links to those in `grafana`, and targets.

        Its data from before stays. After a change of the rules SIGHUP makes it read them again.
        CannotWatch if there are none.
        """
        refuse_without(grafana)
        (self.folder / "targets").mkdir(parents=True, exist_ok=True)
        (self.folder / "targets" / "store.json").write_text(targets)
        for name in (CONFIGURATION, RULES):
            link = self.folder / name
            link.unlink(missing_ok=True)
            link.symlink_to((grafana / name).absolute())

    def command(self, program: str) -> list[str]:
        """The command line: a month or half a gigabyte of data, whatever is less."""
        return [
            program,
            f"--config.file={self.configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            "--storage.tsdb.retention.time=30d",
            "--storage.tsdb.retention.size=512MB",
            f"--web.listen-address={self.address}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]


def refuse_without(grafana: Path) -> None:
    """CannotWatch unless this is our folder of configuration, rules and dashboards."""
    if not (grafana / CONFIGURATION).is_file():
        raise CannotWatch(
            f"There is no {grafana / CONFIGURATION} in {Path.cwd()}, so nothing is measured: start the "
            "store at the root of its repository."
        )
