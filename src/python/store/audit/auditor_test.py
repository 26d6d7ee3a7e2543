import json
import logging
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
import requests
from prometheus_client import REGISTRY

from store.audit.audit import NAMES, Result
from store.audit.auditor import Auditor
from store.audit.books.snapshots import DATABASES
from store.audit.testing.corruptions.corruption import CAPTURED, PENNY, intent
from store.audit.testing.corruptions.money import UNCAPTURED
from store.audit.testing.corruptions.rows import HOUR_AGO, REJECTED, SOLD
from store.audit.testing.living_store import KEY, LivingStore
from store.audit.testing.small_store import SmallStore, audit_of
from store.cli.errors import CannotProve
from store.proof import main as program
from store.server.errors import Unavailable
from store.server.grpc.testing import RunningProgram, running, wait_until

LIKE_UP = f"from {program.__name__} import main; main()"


def findings() -> dict[str, float]:
    return {check: sample("audit_findings", check=check) for check in NAMES}


def runs(outcome: str) -> float:
    return sample("audit_runs_total", outcome=outcome)


def sample(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(name, labels)
    assert value is not None, f"{name} {labels}"
    return value


def blind() -> Result:
    raise CannotProve("The database of orders cannot be reached.")


def test_every_check_has_a_series_from_the_start(living_store: LivingStore) -> None:
    living_store.plant({})
    assert [tally.name for tally in living_store.audit().tallies] == list(NAMES)
    assert len(set(NAMES)) == len(findings()) == 29


def test_a_corruption_shows_until_it_is_repaired(small_store: SmallStore) -> None:
    auditor = Auditor(lambda: audit_of(small_store.urls))
    before = {outcome: runs(outcome) for outcome in ("clean", "findings", "failed")}
    small_store.plant("gateway", intent(SOLD, "succeeded", 500))
    auditor.audit()
    assert findings()[CAPTURED] == 1
    small_store.start_over()
    auditor.audit()
    assert set(findings().values()) == {0}
    gained = {outcome: runs(outcome) - count for outcome, count in before.items()}
    assert gained == {"clean": 1, "findings": 1, "failed": 0}
    assert 0 < sample("audit_duration_seconds") < 60


def test_what_is_young_is_no_finding(small_store: SmallStore) -> None:
    young = intent(REJECTED, "succeeded", 500).replace(HOUR_AGO, "now()")
    small_store.plant("gateway", young)
    Auditor(lambda: audit_of(small_store.urls)).audit()
    assert set(findings().values()) == {0}


def test_a_store_that_cannot_be_looked_at_is_no_finding_and_makes_it_unready(
    small_store: SmallStore, caplog: pytest.LogCaptureFixture
) -> None:
    looks: Iterator[Callable[[], Result]] = iter([blind, lambda: audit_of(small_store.urls)])
    auditor = Auditor(lambda: next(looks)())
    seen, failed = sample("audit_last_run_timestamp_seconds"), runs("failed")
    auditor.audit()
    assert (runs("failed"), sample("audit_last_run_timestamp_seconds")) == (failed + 1, seen)
    assert caplog.records[-1].levelno == logging.WARNING
    with pytest.raises(Unavailable, match="database of orders cannot be reached"):
        auditor.refuse_if_blind()
    auditor.audit()
    auditor.refuse_if_blind()
    assert sample("audit_last_run_timestamp_seconds") > seen


def test_whoever_is_blind_looks_again_soon_and_then_ever_more_rarely(
    small_store: SmallStore,
) -> None:
    looks: Iterator[Callable[[], Result]] = iter([*[blind] * 4, lambda: audit_of(small_store.urls)])
    auditor = Auditor(lambda: next(looks)())
    rests = []
    for _ in range(5):
        auditor.audit()
        rests.append(auditor.rest(every=5))
    assert rests == [1, 2, 4, 5, 5]


def test_a_crash_ends_the_audit_and_not_the_auditor(caplog: pytest.LogCaptureFixture) -> None:
    failed = runs("failed")
    auditor = Auditor(lambda: Result([], 1 / 0, 0))  # type: ignore[arg-type]
    auditor.audit()
    assert runs("failed") == failed + 1
    assert "ZeroDivisionError" in caplog.text
    with pytest.raises(Unavailable, match="the log says why"):
        auditor.refuse_if_blind()


def test_a_finding_is_logged_once_with_its_check_and_its_order(
    small_store: SmallStore, caplog: pytest.LogCaptureFixture
) -> None:
    small_store.plant("gateway", intent(SOLD, "succeeded", 500))
    auditor = Auditor(lambda: audit_of(small_store.urls))
    auditor.audit()
    logged = [vars(record) for record in caplog.records if record.msg == "audit: found"]
    (one,) = (record for record in logged if record["check"] == CAPTURED)
    assert (one["order_id"], one["levelname"]) == (SOLD, "ERROR")
    assert one["expected"] == "one capture of 2000 EUR"
    caplog.clear()
    auditor.audit()
    assert [record.getMessage() for record in caplog.records] == ["audit: findings"]


@contextmanager
def auditing(store: LivingStore, *options: str) -> Iterator[RunningProgram]:
    """The command, in a process of its own, as a chart would start it."""
    urls = {f"{name.upper()}_DATABASE_URL": store.urls[name] for name in DATABASES}
    gateway = {"PAYMENT_API_URL": store.audited.gateway.url, "PAYMENT_API_KEY": KEY}
    with running(LIKE_UP, "audit", "--every", "0.2", *options, **urls, **gateway) as started:
        wait_until(started.is_ready, 30)
        yield started


def metric(auditor: RunningProgram, pattern: str) -> float:
    """What its metrics page says of a series."""
    page = requests.get(f"{auditor.ops}/metrics", timeout=5).text
    found = re.search(rf"^{pattern} (\S+)$", page, re.MULTILINE)
    assert found, pattern
    return float(found[1])


def test_the_process_shows_a_corruption_and_its_repair(living_store: LivingStore) -> None:
    uncaptured = rf'audit_findings{{check="{CAPTURED}"}}'
    clean = r'audit_runs_total{outcome="clean"}'
    living_store.plant({})
    with auditing(living_store) as auditor:
        wait_until(lambda: metric(auditor, clean) > 0)
        living_store.spoil("gateway", UNCAPTURED)
        wait_until(lambda: metric(auditor, uncaptured) == 1)
        living_store.repaired(living_store.audit())
        wait_until(lambda: metric(auditor, uncaptured) == 0)
        assert auditor.leave(signal.SIGTERM) == 0
        lines = [json.loads(line) for line in auditor.said().splitlines()]
    assert {CAPTURED, PENNY} <= {line.get("check") for line in lines}
    assert KEY not in json.dumps(lines)


def test_sigterm_ends_it_in_the_middle_of_an_audit(living_store: LivingStore) -> None:
    living_store.plant({})
    waiting = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND application_name = 'audit'"
    )
    with closing(psycopg2.connect(living_store.urls["orders"])) as other, other.cursor() as cursor:
        with auditing(living_store) as auditor:
            cursor.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            wait_until(lambda: number(living_store, waiting) == 1)
            assert auditor.leave(signal.SIGTERM) == 0
        other.rollback()


def number(store: LivingStore, sql: str) -> int:
    with closing(psycopg2.connect(store.urls["orders"])) as other, other.cursor() as cursor:
        cursor.execute(sql)
        (number,) = cursor.fetchone() or (0,)
    return int(number)
