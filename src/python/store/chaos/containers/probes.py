"""Kubernetes' probes, asked as kubelet asks them.

Source: kubernetes.io/docs, "Configure Liveness, Readiness and Startup Probes".
"""

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from store.chaos.containers.docker import succeeds
from store.chaos.containers.manifest import check_keys
from store.charttest.objects import Container

_SUPPORTED = {
    *("httpGet", "exec", "initialDelaySeconds", "periodSeconds", "timeoutSeconds"),
    *("failureThreshold", "successThreshold"),
}
# `docker exec` takes this much longer than what it runs: it is no part of the probe.
EXEC_SECONDS = 2.0


@dataclass(frozen=True)
class Probe:
    """One probe: a path of a port, or else a command; all times in seconds."""

    path: str
    port: int
    command: Sequence[str]
    delay: float
    period: float
    timeout: float
    failures: int
    successes: int

    def is_passed(self, address: str, container: str) -> bool:
        """Ask the pod at this address, or in this container."""
        if self.command:
            seconds = self.timeout + EXEC_SECONDS
            return succeeds("exec", container, *self.command, seconds=seconds)
        return _answers(address, self.port, self.path, self.timeout)

    def __str__(self) -> str:
        return " ".join(self.command) or self.path


def probe_of(container: Container, kind: str) -> Probe | None:
    """The container's `startupProbe`, `livenessProbe` or `readinessProbe`, if it has one."""
    manifest: dict[str, Any] | None = container.manifest.get(kind)
    if not manifest:
        return None
    where = f"{container}, {kind}"
    check_keys(manifest, _SUPPORTED, where)
    get, command = manifest.get("httpGet") or {}, (manifest.get("exec") or {}).get("command") or []
    check_keys(get, {"path", "port", "scheme"}, where)
    port = get.get("port", 0)
    return Probe(
        path=get.get("path", "/") if get else "",
        port=container.ports[port] if isinstance(port, str) else port,
        command=command,
        delay=manifest.get("initialDelaySeconds", 0),
        period=manifest.get("periodSeconds", 10),
        timeout=manifest.get("timeoutSeconds", 1),
        failures=manifest.get("failureThreshold", 3),
        successes=manifest.get("successThreshold", 1),
    )


def _answers(address: str, port: int, path: str, seconds: float) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return HTTPStatus.OK <= status < HTTPStatus.BAD_REQUEST
