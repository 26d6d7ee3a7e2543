import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from store.database.config import DatabaseConfig
from store.database.database import Database
from store.database.errors import DatabaseDown
from store.database.idempotency import (
    CREATE_TABLE,
    BadKey,
    IdempotencyKeys,
    IdempotentRequest,
    KeyInFlight,
    KeyReused,
    Replay,
    fingerprint,
)
from store.server.clock import now
from store.server.ids import new_id

PRINT = fingerprint("POST", "/v1/orders", b"{}")


@pytest.fixture
def database(config: DatabaseConfig) -> Iterator[Database]:
    database = Database()
    database.open(config)
    database.run(CREATE_TABLE)
    yield database
    database.shut()


@pytest.fixture
def keys(database: Database) -> IdempotencyKeys:
    return IdempotencyKeys(database)


@pytest.fixture
def hasty(database: Database) -> IdempotencyKeys:
    """Keys whose leases have run out as soon as they are taken."""
    return IdempotencyKeys(database, lease_seconds=0)


def started(
    keys: IdempotencyKeys, owner: str = "ann", key: str = "k", print_: str = PRINT
) -> IdempotentRequest:
    begun = keys.begin(owner, key, print_)
    assert isinstance(begun, IdempotentRequest)
    return begun


def test_the_same_request_again_gets_the_first_answer(keys: IdempotencyKeys) -> None:
    begun = started(keys)
    assert begun.resource_id is None
    order = new_id()
    begun.record(order)
    begun.finish(201, {"Location": "/v1/orders/1"}, b'{"\xff": 1}')
    replay = Replay(201, {"Location": "/v1/orders/1"}, b'{"\xff": 1}', str(order))
    assert [keys.begin("ann", "k", PRINT) for _ in range(2)] == [replay, replay]


def test_a_failure_is_an_answer_too(keys: IdempotencyKeys) -> None:
    started(keys).finish(402, {}, b"declined")
    assert keys.begin("ann", "k", PRINT) == Replay(402, {}, b"declined", None)


def test_other_parameters_under_the_same_key_are_refused(keys: IdempotencyKeys) -> None:
    begun = started(keys)
    for _ in ("in flight", "finished"):
        with pytest.raises(KeyReused) as caught:
            keys.begin("ann", "k", fingerprint("POST", "/v1/orders", b"[]"))
        assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")
        if keys.begin("bob", _, PRINT):
            begun.finish(200, {}, b"") if _ == "in flight" else None


def test_a_request_at_work_keeps_others_out(keys: IdempotencyKeys) -> None:
    started(keys)
    with pytest.raises(KeyInFlight) as caught:
        keys.begin("ann", "k", PRINT)
    assert (caught.value.status, caught.value.code) == (409, "idempotency_key_in_flight")


def test_keys_belong_to_their_owner(keys: IdempotencyKeys) -> None:
    started(keys, "ann").finish(200, {}, b"hers")
    started(keys, "bob").finish(200, {}, b"his")
    assert keys.begin("ann", "k", PRINT) == Replay(200, {}, b"hers", None)


def test_a_request_that_was_refused_leaves_the_key_unused(keys: IdempotencyKeys) -> None:
    with pytest.raises(ZeroDivisionError), started(keys):
        raise ZeroDivisionError
    started(keys, print_=fingerprint("another"))


def test_a_retry_after_an_error_goes_on_with_what_was_made(keys: IdempotencyKeys) -> None:
    begun = started(keys)
    begun.record("order-1")
    begun.give_up()
    with pytest.raises(KeyReused):
        keys.begin("ann", "k", fingerprint("another"))
    again = started(keys)
    assert again.resource_id == "order-1"
    again.finish(201, {}, b"done")
    assert keys.begin("ann", "k", PRINT) == Replay(201, {}, b"done", "order-1")


def test_a_retry_takes_over_from_an_attempt_that_died(
    hasty: IdempotencyKeys, keys: IdempotencyKeys, database: Database
) -> None:
    dead = started(hasty)
    with database.transaction():
        dead.record("order-1")
    assert started(keys).resource_id == "order-1"
    with pytest.raises(KeyInFlight):
        keys.begin("ann", "k", PRINT)


def test_an_attempt_that_was_only_slow_does_nothing_once_it_was_overtaken(
    hasty: IdempotencyKeys, keys: IdempotencyKeys, database: Database
) -> None:
    slow = started(hasty)
    overtaker = started(keys)

    def work() -> None:
        with slow, database.transaction():
            database.run("INSERT INTO things (id, name) VALUES (%s, 'twice')", (new_id(),))
            slow.record("order-1")

    with pytest.raises(KeyInFlight, match="took too long"):
        work()
    assert database.rows("SELECT * FROM things") == []
    overtaker.finish(200, {}, b"")
    with pytest.raises(KeyInFlight):
        slow.finish(500, {}, b"")
    assert keys.begin("ann", "k", PRINT) == Replay(200, {}, b"", None)


def test_work_that_is_undone_does_not_leave_its_mark(
    keys: IdempotencyKeys, database: Database
) -> None:
    def work() -> None:
        with started(keys) as begun, database.transaction():
            begun.record("order-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert started(keys).resource_id is None


def test_one_of_many_at_once_gets_the_key(keys: IdempotencyKeys) -> None:
    won: list[IdempotentRequest] = []
    lost: list[KeyInFlight] = []
    together = threading.Barrier(8)

    def work() -> None:
        together.wait(10)
        try:
            won.append(started(keys))
        except KeyInFlight as error:
            lost.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(won), len(lost)) == (1, 7)


def test_a_lost_database_does_not_hide_what_went_wrong(
    keys: IdempotencyKeys, database: Database
) -> None:
    def work() -> None:
        with started(keys):
            database.shut()
            database.open(_nowhere())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    with pytest.raises(DatabaseDown):
        keys.begin("ann", "k", PRINT)


def _nowhere() -> DatabaseConfig:
    return DatabaseConfig(url="postgresql://nobody@/nowhere?host=/nowhere")


def test_a_key_cannot_begin_inside_the_transaction_that_does_the_work(
    keys: IdempotencyKeys, database: Database
) -> None:
    with database.transaction(), pytest.raises(RuntimeError, match="before the transaction"):
        keys.begin("ann", "k", PRINT)


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\nb", "a\0b"])
def test_a_strange_key_is_refused(keys: IdempotencyKeys, key: str) -> None:
    with pytest.raises(BadKey) as caught:
        keys.begin("ann", key, PRINT)
    assert caught.value.status == 400


def test_old_keys_are_purged_and_may_be_used_anew(
    keys: IdempotencyKeys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database.idempotency.PURGE_BATCH", 2)
    for number in range(5):
        started(keys, key=f"old-{number}").finish(200, {}, b"")
    started(keys, key="at-work")
    database.run("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    started(keys, key="new").finish(200, {}, b"")
    assert keys.purge(now() - timedelta(hours=24)) == 5
    left = database.rows("SELECT key FROM idempotency_keys ORDER BY key")
    assert left == [{"key": "at-work"}, {"key": "new"}]
    started(keys, key="old-1", print_="other")


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("a", b"b") == fingerprint("a", "b")
