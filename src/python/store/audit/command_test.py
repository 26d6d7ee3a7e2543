from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from psycopg2.extensions import parse_dsn

from store.audit import addresses
from store.audit import command as audit_module
from store.audit.testing.living_store import LivingStore
from store.proof.main import commands
from store.server.grpc.testing import closed_at_first

SOMEWHERE = {
    "USERS_DATABASE_URL": "postgresql://users:geheim@127.0.0.1:9/users",
    "INVENTORY_DATABASE_URL": "postgresql://inventory:geheim@127.0.0.1:9/inventory",
    "ORDERS_DATABASE_URL": "postgresql://orders:geheim@127.0.0.1:9/orders",
    "GATEWAY_DATABASE_URL": "postgresql://gateway:geheim@127.0.0.1:9/gateway",
    "PAYMENT_API_URL": "http://127.0.0.1:9",
    "PAYMENT_API_KEY": "sk_test_geheim",
}


def audit(environ: dict[str, str], data: Path, *options: str) -> Result:
    nothing: dict[str, str | None] = dict.fromkeys([*SOMEWHERE, "INVENTORY_ADDRESS"])
    command = ["audit", "--data", str(data), *options]
    return CliRunner().invoke(commands(), command, env={**nothing, **environ})


def test_without_a_store_it_cannot_check(tmp_path: Path) -> None:
    result = audit({}, tmp_path)
    assert (result.exit_code, "start the store first" in result.output) == (2, True)


def test_a_database_that_is_not_there_is_named_and_no_password_shown(tmp_path: Path) -> None:
    result = audit(SOMEWHERE, tmp_path)
    assert (result.exit_code, "database of orders cannot be reached" in result.output) == (2, True)
    assert "geheim" not in result.output


def test_a_network_that_is_not_open_yet_is_waited_for(
    tmp_path: Path, living_store: LivingStore, caplog: pytest.LogCaptureFixture
) -> None:
    living_store.plant({})
    parts = parse_dsn(living_store.urls["orders"])
    gateway = living_store.audited.gateway
    api_port = urlsplit(gateway.url).port or 80
    with (
        closed_at_first(f"{parts['host']}/.s.PGSQL.5432", 5) as database,
        closed_at_first(api_port, 7) as api,
    ):
        there = f"host=127.0.0.1&port={database}&sslmode=disable"
        urls = {
            f"{name.upper()}_DATABASE_URL": f"{url.partition('?')[0]}?{there}"
            for name, url in living_store.urls.items()
        }
        environ = {
            **urls,
            "PAYMENT_API_URL": f"http://127.0.0.1:{api}",
            "PAYMENT_API_KEY": gateway.key,
            "DATABASE_WAIT_SECONDS": "60",
        }
        result = audit(environ, tmp_path)
    assert result.exit_code == 0, result.output
    waited = [line for line in caplog.messages if line.startswith("waiting for")]
    assert waited[0].startswith("waiting for the database of orders, 0 of 60 s: ")
    assert waited[-1].startswith("waiting for the gateway, 0 of 60 s: ")


def test_one_that_stays_closed_is_given_up(tmp_path: Path) -> None:
    result = audit({**SOMEWHERE, "DATABASE_WAIT_SECONDS": "2"}, tmp_path)
    assert (result.exit_code, "orders cannot be reached after 2 s." in result.output) == (2, True)


def test_half_of_the_addresses_are_not_enough(tmp_path: Path) -> None:
    some = {name: SOMEWHERE[name] for name in ("USERS_DATABASE_URL", "PAYMENT_API_URL")}
    result = audit(some, tmp_path)
    assert result.exit_code == 2
    assert "ORDERS_DATABASE_URL, INVENTORY_DATABASE_URL, GATEWAY_DATABASE_URL" in result.output


def test_a_crash_is_not_taken_for_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(audit_module, "audited_by", crash)
    result = audit(SOMEWHERE, tmp_path)
    assert (result.exit_code, "says nothing about the store" in result.output) == (2, True)


def test_a_repair_asks_first_and_nobody_is_there_to_answer(tmp_path: Path) -> None:
    result = audit(SOMEWHERE, tmp_path, "--repair")
    assert (result.exit_code, "give --yes" in result.output) == (2, True)


def test_a_dry_run_is_of_a_repair(tmp_path: Path) -> None:
    result = audit(SOMEWHERE, tmp_path, "--dry-run")
    assert (result.exit_code, "goes with --repair" in result.output) == (2, True)


def test_a_repair_needs_the_services_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "find_spec", lambda _name: None)
    result = audit(SOMEWHERE, tmp_path, "--repair", "--yes")
    assert (result.exit_code, "`audit --proposals`" in result.output) == (2, True)


@pytest.mark.parametrize("other", ["--json", "--repair"])
def test_proposals_have_standard_output_for_themselves(tmp_path: Path, other: str) -> None:
    result = audit(SOMEWHERE, tmp_path, "--proposals", other)
    assert (result.exit_code, "--proposals has standard output" in result.output) == (2, True)


@pytest.mark.parametrize("other", ["--json", "--proposals", "--repair"])
def test_an_auditor_only_looks(tmp_path: Path, other: str) -> None:
    result = audit(SOMEWHERE, tmp_path, "--every", "60", other)
    assert (result.exit_code, "--every only looks" in result.output) == (2, True)


def test_an_auditor_whose_logs_cannot_be_says_so(tmp_path: Path) -> None:
    result = audit({**SOMEWHERE, "LOG_LEVEL": "loud"}, tmp_path, "--every", "60")
    assert (result.exit_code, "LOG_LEVEL must be one of" in result.output) == (2, True)
