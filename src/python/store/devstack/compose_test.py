"""compose.yaml held against what `./pants up` starts and what Prometheus scrapes."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.devstack.ports import PUBLIC, Ports
from store.devstack.programs import Programs
from store.devstack.secrets_file import Secrets
from store.gateway.config import GatewayConfig
from store.inventory.config import InventoryConfig as Inventory
from store.monitoring.targets import SERVICE_OF, targets_json
from store.orders.config import HttpSettings
from store.orders.config import OrdersConfig as Orders
from store.server.environ import Environ
from store.users.config import UsersConfig

DOCKER = Path("src/docker")
OF_A_LAPTOP = {
    "BIND",
    "LOG_FORMAT",
    "PORT",
    "OPS_PORT",
    "RPC_PORT",
}  # images have ports of their own
NAMES = {"audit": "auditor"}  # of a job, where the container is called otherwise
SERVERS = ("gateway", "users", "inventory", "inventory-rpc", "orders", "orders-work")
TIGHT = {
    "user": "10001:10001",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}

Compose = Mapping[str, Any]


@pytest.fixture(scope="module")
def containers() -> Compose:
    """Every service of compose.yaml as it is with nothing set."""
    text = (DOCKER / "compose.yaml").read_text()
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return dict(yaml.safe_load(filled)["services"])


@pytest.fixture(scope="module")
def of_the_laptop() -> Mapping[str, Mapping[str, str]]:
    """What `./pants up` sets in the environment of each process."""
    databases = dict.fromkeys(PUBLIC, "postgresql://")
    made = Programs(Ports(), Secrets.new(), databases, {})
    return {program.name: program.environ for program in made.servers()}


def test_every_process_of_the_store_has_a_container(containers: Compose) -> None:
    ours = {"users", "inventory", "orders", "gateway", "proof"}
    running = {
        name
        for name, each in containers.items()
        if each["image"].split("/")[1].split(":")[0] in ours and "restart" in each
        if each["restart"] != "no"
    }
    assert running == {NAMES.get(job, job) for job in SERVICE_OF}


def test_prometheus_is_told_of_every_process() -> None:
    given = json.loads((DOCKER / "compose-targets.json").read_text())
    assert given == json.loads(
        targets_json({job: f"{NAMES.get(job, job)}:9000" for job in SERVICE_OF})
    )


@pytest.mark.parametrize("name", SERVERS)
def test_a_process_is_told_whatever_it_is_told_on_a_laptop(
    name: str, containers: Compose, of_the_laptop: Mapping[str, Mapping[str, str]]
) -> None:
    assert containers[name]["environment"].keys() == of_the_laptop[name].keys() - OF_A_LAPTOP


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("users", UsersConfig.from_environ),
        ("inventory", Inventory.from_environ),
        ("orders", Orders.from_environ),
        ("orders", HttpSettings.from_environ),
        ("orders-work", Orders.from_environ),
    ],
)
def test_a_process_finds_nothing_wrong_with_what_it_is_told(
    name: str, read: Callable[[Environ], object], containers: Compose
) -> None:
    env = Environ(containers[name]["environment"])
    read(env)
    env.check()


def test_those_who_share_a_secret_are_told_the_same(containers: Compose) -> None:
    given = {name: each.get("environment", {}) for name, each in containers.items()}
    env = Environ(given["gateway"])
    gateway = GatewayConfig.from_environ(env)
    env.check()
    for buying in (given["orders"], given["orders-work"], given["auditor"]):
        assert buying["PAYMENT_API_KEY"] in gateway.api_keys
    assert given["orders"]["PAYMENT_WEBHOOK_SECRET"] == gateway.webhook_secret
    keys = given["inventory-rpc"]["RPC_KEYS"].split(",")
    assert {given[name]["INVENTORY_RPC_KEY"] for name in ("orders", "orders-work")} <= set(keys)
    assert given["demo"]["ADMIN_PASSWORD"] == given["make-admin"]["ADMIN_PASSWORD"]


def test_an_address_of_a_database_opens_it(containers: Compose) -> None:
    for name in chain(SERVERS, ("auditor",)):
        for variable, url in containers[name]["environment"].items():
            if not variable.endswith("DATABASE_URL"):
                continue
            role, password, host, database = re.fullmatch(
                r"postgresql://(\w+):([^@]+)@([^/]+)/(\w+)", url
            ).groups()  # type: ignore[union-attr]
            own = containers[host]["environment"]
            kind = "AUDIT" if role == "audit" else "OWNER"
            assert (own["DATABASE"], own[f"{kind}_PASSWORD"]) == (database, password)


@pytest.mark.parametrize("name", SERVERS)
def test_a_process_serves_only_once_its_database_is_migrated(
    name: str, containers: Compose
) -> None:
    migration = f"{SERVICE_OF[name]}-migrate"
    needs = containers[name]["depends_on"][migration]
    assert needs == {"condition": "service_completed_successfully"}
    own = ("image", "DATABASE_URL")
    assert [_setting(containers[migration], key) for key in own] == [
        _setting(containers[name], key) for key in own
    ]


def test_no_container_may_more_than_it_needs(containers: Compose) -> None:
    for name, each in containers.items():
        assert {key: each.get(key) for key in TIGHT} == TIGHT, name
        assert "/tmp" in each["tmpfs"], name  # noqa: S108 - in the container
        assert each["mem_limit"], name


def test_the_ports_are_those_of_a_laptop_and_open_to_this_machine_alone(
    containers: Compose,
) -> None:
    opened = {name: each["ports"] for name, each in containers.items() if "ports" in each}
    ports = Ports(monitored=True)
    inside = {**dict.fromkeys(PUBLIC, 8000), "prometheus": 9090, "grafana": 3000}
    outside = {name: ports.public(name) for name in PUBLIC}
    outside |= {"prometheus": ports.prometheus, "grafana": ports.grafana}
    assert opened == {name: [f"127.0.0.1:{outside[name]}:{port}"] for name, port in inside.items()}


def _setting(container: Compose, key: str) -> object:
    return container.get(key, container["environment"].get(key))
