"""What is stored under a key, inside one process."""

from datetime import timedelta

import orjson
import pytest

from store.gateway.errors import InvalidRequest, KeyReused
from store.gateway.models.idempotency_keys import delete_old_keys
from store.gateway.models.tables import database
from store.gateway.use_cases.idempotency import StoredAnswer, Work, run_once
from store.gateway.use_cases.unit_of_work import UnitOfWork
from store.server.clock import now

pytestmark = pytest.mark.usefixtures("fresh_database")


def unit(key: str | None = "k", endpoint: str = "/v1/things", fingerprint: str = "f") -> UnitOfWork:
    return UnitOfWork("req_1", endpoint, "http://gateway", False, key=key, fingerprint=fingerprint)


def work(answer: str = "done") -> Work:
    return lambda _: StoredAnswer.of({"answer": answer})


def refuse(_: UnitOfWork) -> StoredAnswer:
    raise InvalidRequest("Not now.")


def break_down(_: UnitOfWork) -> StoredAnswer:
    raise ZeroDivisionError


def test_the_first_answer_is_kept() -> None:
    assert run_once(unit(), work("first")).original is None
    again = run_once(unit(), work("second"))
    assert (again.body, again.original) == (b'{"answer":"first"}', "req_1")


def test_without_a_key_nothing_is_kept() -> None:
    assert run_once(unit(None), work("first")) != run_once(unit(None), work("second"))


def test_a_refusal_by_the_work_is_kept() -> None:
    assert run_once(unit(), refuse).status == 400
    assert run_once(unit(), work()).status == 400


def test_what_broke_down_undoes_its_work_and_keeps_a_500() -> None:
    def half(current: UnitOfWork) -> StoredAnswer:
        current.publish("payment_intent.created", {"id": "pi_1"}, "pi_1")
        current.save()
        return break_down(current)

    broken = run_once(unit(), half)
    assert (broken.status, orjson.loads(broken.body)["error"]["type"]) == (500, "api_error")
    assert run_once(unit(), work()).body == broken.body
    assert database.rows("SELECT * FROM events") == []


@pytest.mark.parametrize("other", [{"endpoint": "/v1/others"}, {"fingerprint": "g"}])
def test_another_request_may_not_use_the_key(other: dict[str, str]) -> None:
    run_once(unit(), work())
    with pytest.raises(KeyReused):
        run_once(unit(**other), work())


def test_a_key_is_forgotten_after_a_day() -> None:
    run_once(unit(), work("first"))
    age_keys()
    assert run_once(unit(), work("second")).body == b'{"answer":"second"}'
    age_keys()
    assert delete_old_keys() == 1
    assert database.rows("SELECT * FROM idempotency_keys") == []


def age_keys() -> None:
    database.run("UPDATE idempotency_keys SET created_at = %s", (now() - timedelta(hours=25),))
