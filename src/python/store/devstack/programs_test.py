from store.devstack.ports import SERVICES, Ports
from store.devstack.programs import Programs, Redirect, no_redirect
from store.devstack.runner import Program
from store.devstack.secrets_file import Secrets

DATABASES = {service: f"postgresql://{service}@/{service}" for service in SERVICES}


def programs(ports: Ports, redirect: Redirect = no_redirect) -> Programs:
    return Programs(ports, Secrets.new(), DATABASES, {"PATH": "/bin"}, redirect)


def servers(made: Programs) -> dict[str, Program]:
    return {program.name: program for program in made.servers()}


def test_a_store_has_one_of_each() -> None:
    assert list(servers(programs(Ports()))) == [
        *("gateway", "users", "inventory", "inventory-rpc", "orders", "orders-work"),
    ]


def test_replicas_differ_in_their_ports_alone() -> None:
    found = servers(programs(Ports(8000, apis=3, workers=2)))
    apis = [found[f"orders-{n}"].environ for n in (1, 2, 3)]
    workers = [found[f"orders-work-{n}"].environ for n in (1, 2)]
    assert [api["PORT"] for api in apis] == ["8003", "8031", "8032"]
    assert [each["OPS_PORT"] for each in apis + workers] == [
        *("9003", "9031", "9032", "9013", "9041"),
    ]
    own = {"PORT", "OPS_PORT"}
    for several in (apis, workers):
        shared = [{key: env[key] for key in env.keys() - own} for env in several]
        assert all(env == shared[0] for env in shared)
    assert found["gateway"].environ["WEBHOOK_URL"].startswith("http://127.0.0.1:8003/")


def test_a_process_can_be_told_of_another_way_to_its_neighbours() -> None:
    way: dict[str, dict[str, str]] = {"orders-2": {"PAYMENT_API_URL": "http://127.0.0.1:1"}}
    found = servers(programs(Ports(8000, apis=2), lambda name: way.get(name, {})))
    assert found["orders-2"].environ["PAYMENT_API_URL"] == "http://127.0.0.1:1"
    assert found["orders-1"].environ["PAYMENT_API_URL"] == "http://127.0.0.1:8004"


def test_no_secret_stands_in_a_command_line_or_in_what_a_program_prints_of_itself() -> None:
    made = programs(Ports())
    everything = [*made.migrations(), *made.servers(), made.make_admin("a@example.com", "secret!")]
    for program in everything:
        hidden = {"secret!", program.environ["DATABASE_URL"]}
        assert not hidden & set(program.command)
        assert not any(value in repr(program) for value in hidden)
