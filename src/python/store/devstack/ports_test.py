import socket

import pytest

from store.cli.errors import Trouble
from store.devstack.errors import PortInUse
from store.devstack.ports import HOST, MAX_REPLICAS, STEP, Ports, free_base


def test_the_ports_are_those_of_the_plan() -> None:
    ports = Ports()
    services = ("users", "inventory", "orders", "gateway")
    assert [ports.public(name) for name in services] == [8001, 8002, 8003, 8004]
    assert [ports.ops(name) for name in services] == [9001, 9002, 9003, 9004]
    assert (ports.ops("inventory-rpc"), ports.ops("orders-work")) == (9012, 9013)
    assert (ports.inventory_rpc, ports.mail) == (7002, 8025)


def test_all_ports_move_together() -> None:
    moved = [port - 100 for port in Ports(8100).all()]
    assert moved == list(Ports(8000).all())


def test_the_first_of_several_replicas_stands_where_a_single_one_does() -> None:
    ports = Ports(8000, apis=3, workers=2)
    assert ports.orders_apis == ("orders-1", "orders-2", "orders-3")
    assert [ports.public(name) for name in ports.orders_apis] == [8003, 8031, 8032]
    assert ports.url("orders-1") == ports.url("orders") == Ports(8000).url("orders")
    assert [ports.ops(name) for name in ports.orders_workers] == [9013, 9041]


def test_monitoring_has_ports_of_its_own_when_asked_for() -> None:
    plain, monitored = Ports(8000), Ports(8000, monitored=True)
    more = {monitored.ops("audit"): "ops of audit", 8060: "Grafana", 8090: "Prometheus"}
    assert monitored.all() == {**plain.all(), **more}
    assert (monitored.ops("audit"), monitored.scraped) == (9014, (*plain.processes, "audit"))


def test_two_stores_that_are_one_step_apart_share_no_port() -> None:
    most = (MAX_REPLICAS, MAX_REPLICAS, True)
    largest, next_one = Ports(8000, *most), Ports(8100, *most)
    assert len(largest.all()) == 2 * (3 + MAX_REPLICAS) + 1 + MAX_REPLICAS + 2 + 3
    assert not set(largest.all()) & set(next_one.all())


@pytest.mark.parametrize("base", [0, 1000, 65_000])
def test_a_base_that_leaves_no_room_is_refused(base: int) -> None:
    with pytest.raises(Trouble, match=str(base)):
        Ports(base)


@pytest.mark.parametrize(("apis", "workers"), [(0, 1), (1, 0), (10, 1), (1, 10)])
def test_replicas_that_have_no_ports_are_refused(apis: int, workers: int) -> None:
    with pytest.raises(Trouble, match="1 to 9"):
        Ports(8000, apis, workers)


def test_a_free_base_is_free_for_every_replica() -> None:
    Ports(free_base(3, 2), 3, 2).check_free()


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    ports = Ports(free_base())
    with socket.socket() as other:
        other.bind((HOST, ports.orders))
        other.listen()
        message = rf"{ports.orders} \(orders\).*--port-base {ports.base + STEP}$"
        with pytest.raises(PortInUse, match=message):
            ports.check_free()
