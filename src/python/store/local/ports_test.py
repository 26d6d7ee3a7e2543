import socket

import pytest

from store.local.errors import PortInUse, Trouble
from store.local.ports import HOST, Ports


def test_the_ports_are_those_of_the_plan() -> None:
    ports = Ports()
    assert (ports.users, ports.inventory, ports.orders, ports.gateway) == (8001, 8002, 8003, 8004)
    assert [ports.ops(name) for name in ("users", "inventory", "orders", "gateway")] == [
        9001,
        9002,
        9003,
        9004,
    ]
    assert (ports.ops("inventory-rpc"), ports.ops("orders-work")) == (9012, 9013)
    assert (ports.inventory_rpc, ports.mail) == (7002, 8025)


def test_all_ports_move_together() -> None:
    moved = [port - 100 for port in Ports(8100).all()]
    assert moved == list(Ports(8000).all())


def test_two_stores_that_are_one_step_apart_share_no_port() -> None:
    assert not set(Ports(8000).all()) & set(Ports(8100).all())


@pytest.mark.parametrize("base", [0, 1000, 65_000])
def test_a_base_that_leaves_no_room_is_refused(base: int) -> None:
    with pytest.raises(Trouble, match=str(base)):
        Ports(base)


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    ports = Ports(41_700)
    with socket.socket() as other:
        other.bind((HOST, ports.orders))
        other.listen()
        with pytest.raises(PortInUse, match=r"41703 \(orders\).*--port-base 41800"):
            ports.check_free()
