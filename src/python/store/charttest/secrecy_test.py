import base64
from collections.abc import Callable
from typing import Any

import pytest

from store.charttest import secrecy
from store.charttest.objects import Objects
from store.charttest.testing import planted, rendered


def test_what_a_secret_holds_stands_nowhere_else(objects: Objects) -> None:
    assert secrecy.leaked(objects) == []


def test_secrets_of_an_upgrade_stand_nowhere_else_either(upgraded: Objects) -> None:
    assert secrecy.leaked(upgraded) == []


def test_variables_that_hold_a_secret_take_it_from_one(objects: Objects) -> None:
    assert secrecy.said_in_environment(objects) == []


def test_no_command_line_has_a_secret(objects: Objects) -> None:
    assert secrecy.said_on_command_lines(objects) == []


def test_generated_secrets_are_long_and_each_its_own(objects: Objects) -> None:
    assert secrecy.weak(objects) == []


def test_by_default_everything_that_can_be_is_generated() -> None:
    names = {each.name for each in rendered().of("Secret")}
    subjects = ("users", "orders", "rpc", "payments", "admin", "grafana")
    databases = ("users-db", "inventory-db", "orders-db", "gateway-db")
    assert names == {f"store-{each}" for each in (*subjects, *databases)}


def test_secrets_outlive_the_release_because_its_data_does(objects: Objects) -> None:
    """What a hook makes is none of what helm removes, unless its policy says so."""
    for secret in objects.of("Secret"):
        assert secret.hooks == ["pre-install"], str(secret)
        assert secret.annotations["helm.sh/hook-delete-policy"] == "hook-failed", str(secret)


EXISTING = {
    "existingSecrets": {
        **{
            each: f"own-{each}"
            for each in ("users", "orders", "rpc", "payments", "admin", "grafana")
        },
        "databases": {
            each: f"own-{each}-db" for each in ("users", "inventory", "orders", "gateway")
        },
    }
}


def test_what_is_named_is_not_generated_and_is_used_everywhere() -> None:
    objects = rendered(EXISTING)
    assert objects.of("Secret") == []
    used = {
        variable.secret[0]
        for container in objects.containers
        for variable in container.env.values()
        if variable.secret
    }
    assert used == {
        f"own-{each}" for each in ("users", "orders", "rpc", "payments", "admin", "grafana")
    } | {f"own-{each}-db" for each in ("users", "inventory", "orders", "gateway")}


def environment(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]["containers"][0]["env"]


def say(name: str, value: str) -> Callable[[Any], object]:
    return lambda it: environment(it).append({"name": name, "value": value})


@pytest.mark.parametrize(
    "fault",
    [
        say("SOME_PASSWORD", "hunter2"),
        say("INVENTORY_RPC_KEY", "hunter2"),
        say("SOMETHING", "postgresql://users:hunter2@db/users"),
        lambda it: environment(it).append(
            {"name": "A_SECRET", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}
        ),
    ],
)
def test_a_planted_secret_in_an_environment_is_found(fault: Callable[[Any], object]) -> None:
    assert secrecy.said_in_environment(planted("Deployment", "store-users", fault))


@pytest.mark.parametrize("encode", [str.encode, lambda value: base64.b64encode(value.encode())])
def test_a_planted_secret_in_a_config_map_is_found(encode: Callable[[str], bytes]) -> None:
    value, where = next(iter(secrecy.secret_values(rendered()).items()))

    def add(it: Any) -> None:
        it["data"]["x"] = encode(value).decode()

    assert secrecy.leaked(planted("ConfigMap", "store-grafana", add)) == [
        f"ConfigMap/store-grafana says {where}"
    ]


def test_a_weak_secret_is_found() -> None:
    short = {"data": {"password": base64.b64encode(b"hunter2").decode()}}
    assert secrecy.weak(planted("Secret", "store-grafana", lambda it: it.update(short)))
    key = rendered().one("Secret", "store-users").manifest["data"]["encryption"]
    same = planted("Secret", "store-grafana", lambda it: it["data"].update(password=key))
    assert secrecy.weak(same) == ["['Secret/store-grafana', 'Secret/store-users'] share a value"]


def test_a_planted_secret_on_a_command_line_is_found() -> None:
    def add(it: Any) -> None:
        it["spec"]["template"]["spec"]["containers"][0]["args"].append("$(DATABASE_URL)")

    assert secrecy.said_on_command_lines(planted("Deployment", "store-users", add))
