"""The chart as helm renders it: what an installation with these values would create.

production = render(EXAMPLES / "production.yaml", {"host": "shop.example.org"})
production.one("Service", "store-users").spec["ports"]
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from store.charttest.objects import Object, Objects

CHART = Path("deploy/helm/virtual-store")
EXAMPLES = Path("deploy/helm/examples")
FETCH = Path("build-support/fetch-helm")
"""Where they lie in the repository: we run at its root."""

KUBERNETES = "1.36"
"""The version that a rendering is for unless it says otherwise; the chart supports 1.33 to 1.37."""

Values = Path | Mapping[str, Any]
"""A file of values, or values; later ones win, as they do for helm."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast


class HelmMissing(Exception):
    """The text says what helps."""


class HelmRefused(Exception):
    """The text is helm's, without its prefix."""


def helm_program() -> str:
    """The path of helm: `$HELM`, or else the one pinned in build-support/fetch-helm, which brings it.

    HelmMissing if it cannot. Another helm on PATH is never taken.
    """
    if named := os.environ.get("HELM"):
        if path := shutil.which(named):
            return path
        raise HelmMissing(f"HELM is {named}, which is no program.")
    answer = fetched()
    if answer.returncode:
        why = answer.stderr.strip().rpartition("\n")[2]
        raise HelmMissing(f"There is no helm, so the chart cannot be rendered: {why}")
    return answer.stdout.strip()


@cache
def fetched() -> subprocess.CompletedProcess[str]:
    """What build-support/fetch-helm said. It is asked once, even if it says no: that may take long."""
    environ = {**os.environ, "HOME": os.path.expanduser("~")}  # a sandbox of Pants has none
    if environ.get("PIP_CONFIG_FILE") == os.devnull:  # nor does pip there know the user's index
        del environ["PIP_CONFIG_FILE"]
    return subprocess.run([FETCH], env=environ, capture_output=True, text=True, check=False)


def render(
    *values: Values,
    release: str = "store",
    namespace: str = "store",
    is_upgrade: bool = False,
    kubernetes: str = KUBERNETES,
    chart: Path = CHART,
) -> Objects:
    """Every object of a release, hooks and tests among them; as an upgrade it has the upgrade's hooks.

    There is no cluster to look into, so secrets are new each time. HelmRefused says why not.
    """
    options = [f"--namespace={namespace}", f"--kube-version={kubernetes}"]
    if is_upgrade:
        options.append("--is-upgrade")
    text = _helm(["template", release, str(chart), *options], values)
    return Objects(Object(each) for each in yaml.load_all(text, _Loader) if each)


def notes(*values: Values, release: str = "store", namespace: str = "store") -> str:
    """What helm prints for who has installed the release."""
    options = [f"--namespace={namespace}", "--dry-run=client", "--hide-secret"]
    return _helm(["install", release, str(CHART), *options], values).split("\nNOTES:\n")[1]


def lint(*values: Values, kubernetes: str = KUBERNETES) -> None:
    """Have helm look for mistakes, a warning being one; HelmRefused names them."""
    _helm(["lint", "--strict", str(CHART), f"--kube-version={kubernetes}"], values)


def _helm(arguments: Sequence[str], values: Sequence[Values]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        files = [_file(each, Path(folder, f"{n}.json")) for n, each in enumerate(values)]
        command = [helm_program(), *arguments, *(f"--values={file}" for file in files)]
        # Its own home: what a user has configured must not change what is rendered.
        environ = {**os.environ, "HOME": folder, "KUBECONFIG": os.devnull}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise HelmRefused(_without_noise(done.stderr + done.stdout))
    return done.stdout


def _file(values: Values, file: Path) -> Path:
    if isinstance(values, Path):
        return values
    file.write_text(json.dumps(values))
    return file


def _without_noise(text: str) -> str:
    lines = (line.removeprefix("Error: ") for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("level=INFO"))
