from collections.abc import Callable
from typing import Any

import pytest

from store.charttest import workloads
from store.charttest.objects import Objects
from store.charttest.testing import planted, rendered


def test_nothing_is_written_to_the_root_of_any_container(objects: Objects) -> None:
    assert workloads.root_is_written(objects) == []


def test_every_container_asks_for_cpu_and_memory_and_is_limited(objects: Objects) -> None:
    assert workloads.resources_unsaid(objects) == []


def test_no_pod_has_a_token_of_the_api_server(objects: Objects) -> None:
    assert workloads.has_token(objects) == []


def test_every_workload_has_an_account_of_its_own(objects: Objects) -> None:
    assert workloads.shared_accounts(objects) == []


def test_no_account_is_idle_has_a_token_or_a_right(objects: Objects) -> None:
    accounts = objects.of("ServiceAccount")
    assert {each.name for each in accounts} == {
        pod.spec["serviceAccountName"] for pod in objects.pods
    }
    assert {each.manifest["automountServiceAccountToken"] for each in accounts} == {False}
    assert objects.of("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding") == []


def test_a_drained_node_takes_one_of_each_that_is_replicated(objects: Objects) -> None:
    assert workloads.undisrupted(objects) == []


def test_what_is_replicated_spreads_over_nodes_and_zones(objects: Objects) -> None:
    assert workloads.crowded(objects) == []


def test_autoscalers_have_a_target_that_says_no_number_itself(objects: Objects) -> None:
    assert workloads.badly_scaled(objects) == []


def test_what_runs_on_and_on_is_probed_in_three_ways(objects: Objects) -> None:
    assert workloads.badly_probed(objects) == []


def test_what_is_stopped_has_time_to_finish(objects: Objects) -> None:
    assert workloads.leaving_early(objects) == []


REPLICATED = ["users", "inventory", "inventory-rpc", "orders", "orders-work"]


def test_by_default_the_processes_that_buyers_wait_for_are_replicated() -> None:
    assert [pod.component for pod in workloads.replicated(rendered())] == sorted(REPLICATED)


def template(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]


def container(manifest: Any) -> Any:
    return template(manifest)["containers"][0]


USERS, SCALER = ("Deployment", "store-users"), ("HorizontalPodAutoscaler", "store-users")
BUDGET = ("PodDisruptionBudget", "store-users")

FAULTS: list[
    tuple[Callable[[Objects], list[str]], tuple[str, str], Callable[[Any], object], str]
] = [
    (workloads.root_is_written, USERS, lambda it: container(it).pop("securityContext"), "users"),
    (
        workloads.resources_unsaid,
        USERS,
        lambda it: container(it)["resources"].pop("limits"),
        "no limit of memory",
    ),
    (
        workloads.resources_unsaid,
        USERS,
        lambda it: container(it)["resources"]["requests"].update(memory="9Gi"),
        "asks for more memory than its limit",
    ),
    (
        workloads.has_token,
        USERS,
        lambda it: template(it).pop("automountServiceAccountToken"),
        "Deployment/store-users",
    ),
    (
        workloads.shared_accounts,
        USERS,
        lambda it: template(it).update(serviceAccountName="store-orders"),
        "store-orders: ['orders', 'users']",
    ),
    (
        workloads.shared_accounts,
        USERS,
        lambda it: template(it).pop("serviceAccountName"),
        "default: ['users']",
    ),
    (
        workloads.undisrupted,
        BUDGET,
        lambda it: it["spec"].update(maxUnavailable=0),
        "does not let go",
    ),
    (
        workloads.undisrupted,
        BUDGET,
        lambda it: it["spec"]["selector"].update(matchLabels={"a": "b"}),
        "0 budgets",
    ),
    (
        workloads.crowded,
        USERS,
        lambda it: template(it).pop("topologySpreadConstraints"),
        "is not spread by kubernetes.io/hostname",
    ),
    (
        workloads.crowded,
        USERS,
        lambda it: template(it)["topologySpreadConstraints"][0]["labelSelector"].update(
            matchLabels={"a": "b"}
        ),
        "counts other pods",
    ),
    (workloads.badly_scaled, USERS, lambda it: it["spec"].update(replicas=2), "says replicas"),
    (
        workloads.badly_scaled,
        USERS,
        lambda it: it["metadata"].update(name="other"),
        "no Deployment",
    ),
    (workloads.badly_scaled, SCALER, lambda it: it["spec"].update(maxReplicas=1), "is above"),
    (
        workloads.badly_probed,
        USERS,
        lambda it: container(it).pop("startupProbe"),
        "no startupProbe",
    ),
    (
        workloads.badly_probed,
        USERS,
        lambda it: container(it)["livenessProbe"]["httpGet"].update(path="/ready"),
        "livenessProbe asks what others",
    ),
    (
        workloads.badly_probed,
        USERS,
        lambda it: container(it)["readinessProbe"]["httpGet"].update(port="nowhere"),
        "asks port nowhere",
    ),
    (workloads.leaving_early, USERS, lambda it: container(it).pop("lifecycle"), "no preStop"),
    (
        workloads.leaving_early,
        USERS,
        lambda it: template(it).update(terminationGracePeriodSeconds=25),
        "25 s of grace for 5 s + 20 s",
    ),
]


@pytest.mark.parametrize(("promise", "where", "fault", "message"), FAULTS)
def test_a_planted_fault_is_found(
    promise: Callable[[Objects], list[str]],
    where: tuple[str, str],
    fault: Callable[[Any], object],
    message: str,
) -> None:
    assert [each for each in promise(planted(*where, fault)) if message in each]
