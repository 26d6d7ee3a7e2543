"""What tests of the chart need: helm, and renderings that are made once."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from store.charttest import helm
from store.charttest.objects import Object, Objects
from store.testing.missing_programs import skip_without

SETS: dict[str, tuple[helm.Values, ...]] = {
    "defaults": (),
    **{file.stem: (file,) for file in sorted(helm.EXAMPLES.glob("*.yaml"))},
    "everything": ({"demo": {"catalogue": True}, "monitoring": {"operator": {"enabled": True}}},),
}
"""The sets of values that every promise is asserted for: the defaults, each example, and all at once."""


def rendered(*values: helm.Values, **options: Any) -> Objects:
    """What `helm.render` gives, made once for all tests of a process; do not change it."""
    needed_helm()
    return _rendered(json.dumps([values, options], default=_path, sort_keys=True))


def needed_helm() -> str:
    """The path of helm. Without one the test ends as `skip_without` says."""
    try:
        return helm.helm_program()
    except helm.HelmMissing as missing:
        skip_without(str(missing))


@cache
def _rendered(asked: str) -> Objects:
    values, options = json.loads(asked, object_hook=_unpath)
    return helm.render(*values, **options)


def _path(values: Path) -> dict[str, str]:
    return {"file of values": str(values)}


def _unpath(values: dict[str, Any]) -> Any:
    return Path(values["file of values"]) if "file of values" in values else values


def planted(kind: str, name: str, fault: Callable[[Any], object]) -> Objects:
    """The defaults, with a fault planted into the manifest of one object."""
    copy = Objects(Object(deepcopy(each.manifest)) for each in rendered())
    fault(copy.one(kind, name).manifest)
    return copy
