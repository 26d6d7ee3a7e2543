import re
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extensions import parse_dsn

from store.audit import command
from store.audit.audit import Rules, judged
from store.audit.books.snapshots import DATABASES, connected, snapshots
from store.audit.repair import proposals_of
from store.audit.testing.corruptions.all_kinds import CORRUPTIONS
from store.audit.testing.corruptions.corruption import (
    CAPTURED,
    DELIVERED,
    NO_MONEY,
    ORDERED,
    OWED,
    Corruption,
    intent,
)
from store.audit.testing.corruptions.rows import ENDPOINT, HOUR_AGO, REFUNDED, REJECTED, SOLD
from store.audit.testing.small_store import SmallStore, audit_of, found_in
from store.cli.errors import CannotProve
from store.database.testing import FleetingServer


def test_a_store_where_all_is_well_has_no_findings(small_store: SmallStore) -> None:
    result = audit_of(small_store.urls)
    assert [tally.findings for tally in result.tallies if tally.findings] == []
    assert all(tally.counted for tally in result.tallies), "every check has looked at something"


def test_the_money_is_added_up_per_currency(small_store: SmallStore) -> None:
    total = audit_of(small_store.urls).totals.by_currency["EUR"]
    assert (total.orders, total.sold, total.captured) == (2, 5000, 7000)
    assert (total.given_back, total.kept, total.refunded) == (2000, 5000, 3000)


@pytest.mark.parametrize("corruption", CORRUPTIONS.values(), ids=CORRUPTIONS.keys())
def test_it_is_found_and_explained_and_nothing_else_when(
    small_store: SmallStore, corruption: Corruption
) -> None:
    small_store.plant_all(corruption.sql)
    result = audit_of(small_store.urls)
    assert found_in(result) == corruption.noticed_by
    findings = [finding for tally in result.tallies for finding in tally.findings]
    assert all(finding.proposals or finding.person for finding in findings)
    if corruption.left != corruption.noticed_by:
        assert proposals_of(result), "what a repair sets right is proposed"


def test_every_check_has_a_corruption_that_it_finds(small_store: SmallStore) -> None:
    seen = {name for corruption in CORRUPTIONS.values() for name in corruption.noticed_by}
    assert seen == {tally.name for tally in audit_of(small_store.urls).tallies}


def test_a_finding_names_the_order_and_says_what_was_expected_and_what_was_found(
    small_store: SmallStore,
) -> None:
    small_store.plant("gateway", intent(SOLD, "succeeded", 500))
    tallies = audit_of(small_store.urls).tallies
    (finding,) = next(tally for tally in tallies if tally.name == CAPTURED).findings
    assert finding.subject == f"order {SOLD}"
    assert finding.expected == "one capture of 2000 EUR"
    assert finding.found == "2000 EUR (pi_sold, succeeded), 500 EUR (pi_planted, succeeded)"


def test_what_changed_a_moment_ago_is_not_judged(small_store: SmallStore) -> None:
    small_store.plant("gateway", intent(REJECTED, "succeeded", 500).replace(HOUR_AGO, "now()"))
    result = audit_of(small_store.urls)
    assert (found_in(result), result.not_judged) == (set(), 1)
    with snapshots(small_store.urls) as taken:
        anyway = judged(taken, Rules(anyway=frozenset({REJECTED})))
    assert (NO_MONEY in found_in(anyway), anyway.not_judged) == (True, 0)


@pytest.mark.parametrize(
    "excuse",
    [
        f"UPDATE webhook_endpoints SET listens_since = {HOUR_AGO}",
        "UPDATE webhook_endpoints SET state = 'paused'",
        "UPDATE webhook_endpoints SET event_types = '{order.shipped,refund.*}'",
        "UPDATE order_events SET created_at = now() - interval '30 days'",
        "DELETE FROM webhook_endpoints",
    ],
)
def test_an_event_need_not_be_delivered_when(small_store: SmallStore, excuse: str) -> None:
    owed = f"DELETE FROM webhook_deliveries WHERE order_id = '{SOLD}'"
    small_store.plant("orders", owed)
    assert found_in(audit_of(small_store.urls)) == {OWED}
    small_store.plant("orders", excuse)
    assert found_in(audit_of(small_store.urls)) == set()


def test_an_endpoint_that_was_just_changed_has_time_for_what_waits(small_store: SmallStore) -> None:
    waiting = "UPDATE webhook_deliveries SET state = 'pending', delivered_at = NULL"
    small_store.plant("orders", waiting)
    assert found_in(audit_of(small_store.urls)) == {DELIVERED}
    small_store.plant("orders", "UPDATE webhook_endpoints SET updated_at = now()")
    assert found_in(audit_of(small_store.urls)) == set()


def test_a_key_may_point_to_an_endpoint_that_was_deleted_since(small_store: SmallStore) -> None:
    made = "UPDATE idempotency_keys SET resource_id = 'endpoint', headers = '{\"ETag\": \"1\"}'"
    small_store.plant("orders", made)
    assert found_in(audit_of(small_store.urls)) == set()


def test_what_was_sent_again_on_request_may_come_late(small_store: SmallStore) -> None:
    first = f"WHERE endpoint_id = '{ENDPOINT}' AND order_id = '{SOLD}' AND number = 1"
    small_store.plant("orders", f"UPDATE webhook_deliveries SET delivered_at = now() {first}")
    assert found_in(audit_of(small_store.urls)) == {ORDERED}
    again = f"UPDATE webhook_deliveries SET give_up_at = now() + interval '3 days' {first}"
    small_store.plant("orders", again)
    assert found_in(audit_of(small_store.urls)) == set()


def test_changes_during_the_audit_are_not_seen(small_store: SmallStore) -> None:
    small_store.plant("gateway", "SELECT")  # the copy that is changed while it is read
    small_store.plant("orders", "SELECT")
    with snapshots(small_store.urls) as taken:
        small_store.plant("gateway", "DELETE FROM refunds")
        small_store.plant("orders", f"UPDATE orders SET total = 1 WHERE id = '{REFUNDED}'")
        assert found_in(judged(taken, Rules(grace=0))) == set()


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(CannotProve, match="database of orders cannot be reached") as trouble:
        connected("orders", "postgresql://orders:geheim@127.0.0.1:9/orders")
    assert "geheim" not in trouble.value.message
    assert trouble.value.exit_code == 2


def test_an_audit_cannot_write(small_store: SmallStore) -> None:
    with snapshots(small_store.urls) as taken, pytest.raises(CannotProve, match="read-only"):
        list(taken["orders"].rows("SELECT nextval('order_events_id_seq')"))


def test_an_audit_needs_no_more_than_to_read(
    postgres: FleetingServer, small_store: SmallStore
) -> None:
    postgres.create_role("auditor")
    postgres.execute("GRANT pg_read_all_data TO auditor")
    urls = {}
    for name in DATABASES:
        small_store.plant(name, "SELECT")
        database = parse_dsn(small_store.urls[name])["dbname"]
        postgres.execute(f"GRANT CONNECT ON DATABASE {database} TO auditor")
        urls[name] = postgres.url(database, "auditor")
    small_store.plant("gateway", intent(SOLD, "requires_capture"))
    result = audit_of(urls)
    assert (found_in(result), result.totals.by_currency["EUR"].sold) == ({CAPTURED}, 5000)
    with (
        closing(psycopg2.connect(urls["orders"])) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"),
    ):
        cursor.execute("UPDATE orders SET total = 1")


def test_every_connection_of_an_audit_only_reads(small_store: SmallStore) -> None:
    for name in DATABASES:
        with (
            closing(connected(name, small_store.urls[name])) as connection,
            connection.cursor() as cursor,
            pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
        ):
            cursor.execute("CREATE TABLE written (by_an_audit text)")


def test_no_module_of_the_audit_writes_into_a_database() -> None:
    folder = Path(command.__file__).parent
    modules = [
        module
        for module in folder.rglob("*.py")
        if "testing" not in module.parts and not module.name.endswith(("_test.py", "conftest.py"))
    ]
    assert {module.parent.name for module in modules} == {"audit", "books", "cases", "checks"}
    words = re.compile(
        r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|LOCK|CREATE|ALTER|DROP|GRANT|CALL)\b"
    )
    writing = {
        module.name: found for module in modules if (found := words.findall(module.read_text()))
    }
    assert writing == {}
