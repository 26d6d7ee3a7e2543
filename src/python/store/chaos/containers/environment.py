"""The environment of a container, computed as kubelet does.

Sources: kubernetes.io/docs, "Define Dependent Environment Variables" and "Expose Pod Information to
Containers Through Environment Variables"; k8s.io/kubernetes, third_party/forked/golang/expansion.
"""

import re
from collections.abc import Mapping

from store.chaos.containers.config_objects import ConfigObjects
from store.chaos.containers.manifest import UnsupportedManifest, check_keys
from store.charttest.objects import Container, Json

KINDS = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def environment(
    container: Container, configs: ConfigObjects, facts: Mapping[str, str]
) -> dict[str, str]:
    """Every variable, in order; `facts` are those of the pod, by field path (`status.podIP`)."""
    if container.env_from:
        raise UnsupportedManifest(container, "envFrom")
    environ: dict[str, str] = {}
    for name, variable in container.env.items():
        if variable.value is not None:
            environ[name] = expanded(variable.value, environ)
        elif (found := _referenced(variable.source, configs, facts, container)) is not None:
            environ[name] = found
    return environ


def expanded(text: str, environ: Mapping[str, str]) -> str:
    """`$(NAME)` as that variable's value, `$$` as a dollar sign; unknown names stay as they stand."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return environ.get(found[1], found[0])

    return _REFERENCE.sub(value, text)


def _referenced(
    source: Json, configs: ConfigObjects, facts: Mapping[str, str], container: Container
) -> str | None:
    check_keys(source, {*KINDS, "fieldRef"}, f"{container}, env")
    for key, kind in KINDS.items():
        if key in source:
            return configs.value(kind, source[key])
    path = source["fieldRef"]["fieldPath"]
    if path not in facts:
        raise UnsupportedManifest(f"{container}, env", f"fieldRef {path}")
    return facts[path]
