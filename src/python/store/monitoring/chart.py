"""The chart's copies of what Grafana and Prometheus read.

A chart can hold nothing that lies outside of it, and helm speaks of each link that leads there. So it has files
of its own, which are never edited: they are written here, and a test holds them against ours.
"""

import shutil
from pathlib import Path

FILES = Path("deploy/helm/virtual-store/files")
"""Where they lie in the repository: we run at its root."""

COPIED = ("prometheus.yml", "dashboards/*.json", "provisioning/*/*.yaml", "rules/*.yaml")
"""What the chart needs of `grafana/`."""


def copied(folder: Path) -> dict[str, bytes]:
    """Every file of a folder that is copied, by its path in there."""
    files = sorted(file for pattern in COPIED for file in folder.glob(pattern))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def write(grafana: Path, into: Path) -> None:
    """Write the copies anew, and nothing else stays there."""
    shutil.rmtree(into, ignore_errors=True)
    for name, content in copied(grafana).items():
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
