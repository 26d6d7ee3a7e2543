from typing import Any

import pytest

from store.charttest.objects import Object, Objects, Pod
from store.charttest.pod_security import violations


def pod(spec: dict[str, Any] | None = None, annotations: dict[str, str] | None = None) -> Pod:
    """A pod that has its own security context and `spec`."""
    container = {
        "name": "it",
        "image": "it:1",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    fine = {"containers": [container], "securityContext": context}
    metadata = {"name": "it", "annotations": annotations or {}}
    found = Object({"kind": "Pod", "metadata": metadata, "spec": {**fine, **(spec or {})}}).pod
    assert found is not None
    return found


def of_pod(**context: Any) -> Pod:
    return pod({"securityContext": {**pod().spec["securityContext"], **context}})


def of_container(kind: str = "containers", **fields: Any) -> Pod:
    """A pod with a second container that says this; None takes a field away."""
    second = {**pod().spec["containers"][0], "name": "second"}
    for name, value in fields.items():
        if name in ("ports", "lifecycle", "livenessProbe"):
            second[name] = value
        else:
            second["securityContext"] = {**second["securityContext"], name: value}
    return pod({kind: [*pod().spec.get(kind, []), second]})


def test_a_pod_that_says_all_it_must_may_run() -> None:
    assert violations(pod()) == []


ALLOWED = {
    "volumes of the list": pod({"volumes": [{"name": "v", "emptyDir": {}}]}),
    "each container for itself": pod(
        {
            "securityContext": {},
            "containers": [
                {
                    "name": "it",
                    "securityContext": {
                        **pod().spec["containers"][0]["securityContext"],
                        **pod().spec["securityContext"],
                    },
                }
            ],
        }
    ),
    "to bind low ports": of_container(capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    "harmless sysctls": of_pod(sysctls=[{"name": "net.ipv4.tcp_rmem", "value": "1"}]),
    "AppArmor's default": pod(
        annotations={"container.apparmor.security.beta.kubernetes.io/it": "runtime/default"}
    ),
}


@pytest.mark.parametrize("what", ALLOWED)
def test_the_standard_allows(what: str) -> None:
    assert violations(ALLOWED[what]) == []


FORBIDDEN = {
    "hostNetwork": pod({"hostNetwork": True}),
    "hostPID": pod({"hostPID": True}),
    "hostIPC": pod({"hostIPC": True}),
    "volume v is a hostPath": pod({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
    "volume v is a nfs": pod({"volumes": [{"name": "v", "nfs": {"path": "/"}}]}),
    "hostPort 80": of_container(ports=[{"containerPort": 80, "hostPort": 80}]),
    "privileged": of_container(privileged=True),
    "allowPrivilegeEscalation": of_container(allowPrivilegeEscalation=None),
    "runAsNonRoot is false": of_container(runAsNonRoot=False),
    "runAsNonRoot is not true": of_pod(runAsNonRoot=None),
    "runAsUser is 0": of_container(runAsUser=0),
    "pod of Pod/it: runAsUser is 0": of_pod(runAsUser=0),
    "no seccomp profile": of_pod(seccompProfile=None),
    "seccomp profile Unconfined": of_container(seccompProfile={"type": "Unconfined"}),
    "does not drop ALL": of_container(capabilities={"drop": ["NET_RAW"]}),
    "adds capability SYS_ADMIN": of_container(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    "procMount Unmasked": of_container(procMount="Unmasked"),
    "sysctl kernel.msgmax": of_pod(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "AppArmor profile Unconfined": of_pod(appArmorProfile={"type": "Unconfined"}),
    "AppArmor profile unconfined": pod(
        annotations={"container.apparmor.security.beta.kubernetes.io/it": "unconfined"}
    ),
    "SELinux type spc_t": of_container(seLinuxOptions={"type": "spc_t"}),
    "SELinux user root": of_pod(seLinuxOptions={"user": "root"}),
    "hostProcess": of_container(windowsOptions={"hostProcess": True}),
    "asks host 10.0.0.1": of_container(livenessProbe={"httpGet": {"host": "10.0.0.1"}}),
    "preStop asks host": of_container(lifecycle={"preStop": {"tcpSocket": {"host": "10.0.0.1"}}}),
    "container second in the pod": of_container("initContainers", capabilities=None),
    "container second in": of_container("ephemeralContainers", capabilities=None),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_standard_forbids(what: str) -> None:
    assert any(what in each for each in violations(FORBIDDEN[what]))


def test_every_pod_of_the_release_may_run_in_a_restricted_namespace(objects: Objects) -> None:
    assert objects.pods
    assert [each for pod in objects.pods for each in violations(pod)] == []
