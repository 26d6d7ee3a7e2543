"""The environment of a container, worked out as kubelet does.

Sources: kubernetes.io/docs, "Define Dependent Environment Variables" and "Expose Pod Information to
Containers Through Environment Variables"; k8s.io/kubernetes, third_party/forked/golang/expansion.
"""

import re
from collections.abc import Mapping

from store.chaos.containers.config_objects import Kept
from store.chaos.containers.manifest import NotUnderstood, only
from store.charttest.objects import Container, Json

KINDS = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def environment(container: Container, kept: Kept, facts: Mapping[str, str]) -> dict[str, str]:
    """Every variable, in order; `facts` are those of the pod, by field path (`status.podIP`)."""
    if container.env_from:
        raise NotUnderstood(container, "envFrom")
    environ: dict[str, str] = {}
    for name, variable in container.env.items():
        if variable.value is not None:
            environ[name] = expanded(variable.value, environ)
        elif (found := _from_elsewhere(variable.source, kept, facts, container)) is not None:
            environ[name] = found
    return environ


def expanded(text: str, environ: Mapping[str, str]) -> str:
    """`$(NAME)` as that variable's value, `$$` as a dollar sign; unknown names stay as they stand."""

    def meant(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return environ.get(found[1], found[0])

    return _REFERENCE.sub(meant, text)


def _from_elsewhere(
    source: Json, kept: Kept, facts: Mapping[str, str], container: Container
) -> str | None:
    only(source, {*KINDS, "fieldRef"}, f"{container}, env")
    for key, kind in KINDS.items():
        if key in source:
            return kept.value(kind, source[key])
    path = source["fieldRef"]["fieldPath"]
    if path not in facts:
        raise NotUnderstood(f"{container}, env", f"fieldRef {path}")
    return facts[path]
