"""Kubernetes' Pod Security Standard "restricted", as the API server of 1.36 enforces it on a namespace.

Source: "Pod Security Standards" (kubernetes.io/docs/concepts/security/pod-security-standards), the
controls of *baseline* and *restricted*.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from store.charttest.objects import Container, Json, Pod

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SELINUX_TYPES = {
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
}
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
CONFINED = {"RuntimeDefault", "Localhost"}


def violations(pod: Pod) -> list[str]:
    """What the standard forbids about this pod, each with its path; empty if it may run."""
    context = pod.spec.get("securityContext") or {}
    found = [*_host(pod), *_volumes(pod), *_annotations(pod), *_context(context, str(pod))]
    found += _pod_only(context, str(pod))
    for container in pod.containers:
        found += _context(container.security, str(container))
        found += _container(container)
        found += _either(context, container)
    return found


def _host(pod: Pod) -> Iterator[str]:
    """Nothing of the node's own."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield f"{pod}: {field}"


def _volumes(pod: Pod) -> Iterator[str]:
    for volume in pod.volumes:
        for kind in volume.keys() - {"name"} - VOLUMES:
            yield f"{pod}: volume {volume['name']} is a {kind}"


def _annotations(pod: Pod) -> Iterator[str]:
    for name, profile in pod.annotations.items():
        confined = profile == "runtime/default" or profile.startswith("localhost/")
        if name.startswith(APPARMOR) and not confined:
            yield f"{pod}: AppArmor profile {profile}"


def _context(context: Json, where: str) -> Iterator[str]:
    """What neither the security context of a pod nor that of a container may say."""
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{where}: windowsOptions.hostProcess"
    if (profile := _type(context, "appArmorProfile")) not in {None, *CONFINED}:
        yield f"{where}: AppArmor profile {profile}"
    if (profile := _type(context, "seccompProfile")) not in {None, *CONFINED}:
        yield f"{where}: seccomp profile {profile}"
    if context.get("runAsUser") == 0:
        yield f"{where}: runAsUser is 0"
    if context.get("runAsNonRoot") is False:
        yield f"{where}: runAsNonRoot is false"
    yield from _selinux(context.get("seLinuxOptions") or {}, where)


def _selinux(options: Mapping[str, str], where: str) -> Iterator[str]:
    if options.get("type", "") not in SELINUX_TYPES:
        yield f"{where}: SELinux type {options['type']}"
    for field in ("user", "role"):
        if options.get(field):
            yield f"{where}: SELinux {field} {options[field]}"


def _pod_only(context: Json, where: str) -> Iterator[str]:
    for sysctl in context.get("sysctls") or []:
        if sysctl["name"] not in SYSCTLS:
            yield f"{where}: sysctl {sysctl['name']}"


def _container(container: Container) -> Iterator[str]:
    """What only a container may say, and must."""
    security = container.security
    if security.get("privileged"):
        yield f"{container}: privileged"
    if security.get("allowPrivilegeEscalation") is not False:
        yield f"{container}: allowPrivilegeEscalation is not false"
    if security.get("procMount", "Default") != "Default":
        yield f"{container}: procMount {security['procMount']}"
    capabilities = security.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or []):
        yield f"{container}: does not drop ALL capabilities"
    for added in set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield f"{container}: adds capability {added}"
    yield from _ports(container)
    yield from _handlers(container)


def _ports(container: Container) -> Iterator[str]:
    for port in container.manifest.get("ports") or []:
        if port.get("hostPort"):
            yield f"{container}: hostPort {port['hostPort']}"


def _handlers(container: Container) -> Iterator[str]:
    """Probes and hooks ask the pod, never another host (since 1.34)."""
    lifecycle = container.manifest.get("lifecycle") or {}
    hooks: dict[str, Any] = {
        **{name: lifecycle.get(name) for name in ("postStart", "preStop")},
        **{name: container.manifest.get(name) for name in PROBES},
    }
    for name, handler in hooks.items():
        for action in ("httpGet", "tcpSocket"):
            if ((handler or {}).get(action) or {}).get("host"):
                yield f"{container}: {name} asks host {handler[action]['host']}"


PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def _either(pod: Json, container: Container) -> Iterator[str]:
    """What the pod says for all, or each container for itself."""
    own = container.security
    if not own.get("runAsNonRoot", pod.get("runAsNonRoot")):
        yield f"{container}: runAsNonRoot is not true"
    if (_type(own, "seccompProfile") or _type(pod, "seccompProfile")) not in CONFINED:
        yield f"{container}: no seccomp profile"


def _type(context: Json, profile: str) -> str | None:
    return (context.get(profile) or {}).get("type")
