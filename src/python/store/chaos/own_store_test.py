"""Starts every service, once: all that can happen to a store of our own, one thing after the other."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path

import pytest
import requests

from store.chaos.own_store import OwnStore
from store.chaos.targets import FaultTarget
from store.chaos.testing.processes import family, is_gone
from store.cli.errors import Trouble
from store.devstack.accounts import STAFF
from store.devstack.errors import NotReady
from store.devstack.output import Output
from store.devstack.ports import free_base
from store.devstack.rest import Rest
from store.testing.folders import short_folder

READY_SECONDS = 30
NAMES = [
    *("postgres", "gateway", "users", "inventory", "inventory-rpc"),
    *("orders-1", "orders-2", "orders-3", "orders-work-1", "orders-work-2"),
]
# Those whose first process has a child that does the work.
WITH_CHILDREN = {"postgres", "gateway", "users", "inventory", "orders-1", "orders-2", "orders-3"}


def redirect(name: str) -> Mapping[str, str]:
    """One of the workers has a setting of its own."""
    return {"LOG_FORMAT": "json"} if name == "orders-work-2" else {}


@pytest.fixture(scope="module")
def store() -> Iterator[OwnStore]:
    with short_folder() as folder:
        own = OwnStore(folder / "own", free_base(3, 2), output=Output(), redirect=redirect)
        with own:
            yield own
            members = [pid for target in own.targets.values() for pid in family(target.pid)]
            own.targets["users"].stall()
        assert len(members) > 25
        assert all(map(is_gone, members))
        assert not own.folder.exists()


def to_each(store: OwnStore, action: Callable[[FaultTarget], object]) -> None:
    """Do it to all at once; PostgreSQL is a target like any other."""
    with ThreadPoolExecutor(len(store.targets)) as pool:
        list(pool.map(action, store.targets.values()))


def products(store: OwnStore) -> int:
    return len(requests.get(f"{store.inventory_url}/v1/products", timeout=10).json()["items"])


def test_it_is_the_whole_store_with_its_catalogue_and_its_log_ins(store: OwnStore) -> None:
    assert list(store.targets) == NAMES
    assert all(target.is_ready() for target in store.targets.values())
    assert products(store) > 10
    with Rest() as rest:
        token = rest.log_in(store.users_url, STAFF, store.secrets.staff_password)
    for url in store.orders_urls:
        answer = requests.get(
            f"{url}/v1/orders", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_each_process_has_a_log_of_its_own_and_an_environment_of_its_own(store: OwnStore) -> None:
    first, second = ((store.logs / f"orders-work-{n}.log").read_text() for n in (1, 2))
    assert "INFO    store.server.process.worker: orders-work works" in first
    assert '"message":"orders-work works"' in second


def test_when_all_have_been_killed_and_started_all_are_ready_with_their_data(
    store: OwnStore,
) -> None:
    before = products(store)
    to_each(store, methodcaller("kill"))
    assert not any(target.alive for target in store.targets.values())
    with pytest.raises(NotReady, match=r"postgres .*it has ended; see .*/logs/postgres.log"):
        store.wait_until_ready(0.0)
    to_each(store, methodcaller("start"))
    store.wait_until_ready(READY_SECONDS)
    assert products(store) == before


def test_when_a_child_of_each_has_been_killed_all_recover_by_themselves(store: OwnStore) -> None:
    assert {name for name, target in store.targets.items() if target.kill_child()} == WITH_CHILDREN
    store.wait_until_ready(READY_SECONDS)


def test_a_stalled_one_is_alive_and_not_ready_until_it_goes_on(store: OwnStore) -> None:
    to_each(store, methodcaller("stall"))
    with ThreadPoolExecutor(len(NAMES)) as pool:
        assert not any(pool.map(FaultTarget.is_ready, store.targets.values()))
    assert all(target.alive for target in store.targets.values())
    to_each(store, methodcaller("resume"))
    store.wait_until_ready(READY_SECONDS)


@pytest.mark.parametrize("name", ["orders-2", "orders-work-1", "inventory-rpc", "postgres"])
def test_one_that_was_ended_in_order_can_be_started_again(store: OwnStore, name: str) -> None:
    target = store.targets[name]
    target.end()
    assert not target.alive
    target.start()
    store.wait_until_ready(READY_SECONDS)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(Trouble, match="is not empty"), OwnStore(tmp_path, 20_000, output=Output()):
        pass
    assert (tmp_path / "thesis.txt").exists()
