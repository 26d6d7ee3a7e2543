import pytest

from store.charttest.objects import Objects
from store.charttest.quantities import amount
from store.charttest.testing import SETS, rendered
from store.charttest.workloads import replicas


def test_quantities_are_cores_and_bytes() -> None:
    assert [amount(each) for each in ("500m", "2", 0.5, "96Mi", "1Gi", "1.5G")] == [
        0.5,
        2,
        0.5,
        96 * 2**20,
        2**30,
        1.5e9,
    ]


@pytest.mark.parametrize("wrong", ["", "Mi", "1 Mi", "1mb", "-1"])
def test_what_is_no_quantity_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        amount(wrong)


def requested(objects: Objects, what: str) -> float:
    """What all pods that run on and on ask for, in cores or bytes."""
    return sum(
        replicas(objects, each.pod) * amount(each.resources["requests"][what])
        for each in objects.containers
        if each.pod.owner.kind in ("Deployment", "StatefulSet")
    )


def test_on_a_single_node_the_whole_store_asks_for_less_than_two_gibibytes() -> None:
    """Databases, Prometheus and Grafana included; and for less than the cores of a laptop."""
    objects = rendered(*SETS["single-node"])
    assert {"store-users-db", "store-prometheus", "store-grafana"} <= {
        each.name for each in objects.pods
    }
    assert requested(objects, "memory") <= 2 * 2**30
    assert requested(objects, "cpu") <= 2
