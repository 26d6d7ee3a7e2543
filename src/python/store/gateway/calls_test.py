"""What is kept under a key, inside one process."""

from datetime import timedelta

import orjson
import pytest

from store.gateway import calls
from store.gateway.calls import Answer, Call
from store.gateway.errors import InvalidRequest, KeyReused
from store.gateway.models import database
from store.server.clock import now

pytestmark = pytest.mark.usefixtures("fresh_database")


def call(key: str | None = "k", endpoint: str = "/v1/things", fingerprint: str = "f") -> Call:
    return Call("req_1", endpoint, "http://gateway", False, key=key, fingerprint=fingerprint)


def work(answer: str = "done") -> calls.Work:
    return lambda _: Answer.of({"answer": answer})


def refuse(_: Call) -> Answer:
    raise InvalidRequest("Not now.")


def break_down(_: Call) -> Answer:
    raise ZeroDivisionError


def test_the_first_answer_is_kept() -> None:
    assert calls.run(call(), work("first")).original is None
    again = calls.run(call(), work("second"))
    assert (again.body, again.original) == (b'{"answer":"first"}', "req_1")


def test_without_a_key_nothing_is_kept() -> None:
    assert calls.run(call(None), work("first")) != calls.run(call(None), work("second"))


def test_a_refusal_by_the_work_is_kept() -> None:
    assert calls.run(call(), refuse).status == 400
    assert calls.run(call(), work()).status == 400


def test_what_broke_down_undoes_its_work_and_keeps_a_500() -> None:
    def half(current: Call) -> Answer:
        current.tell("payment_intent.created", {"id": "pi_1"}, "pi_1")
        current.save()
        return break_down(current)

    broken = calls.run(call(), half)
    assert (broken.status, orjson.loads(broken.body)["error"]["type"]) == (500, "api_error")
    assert calls.run(call(), work()).body == broken.body
    assert database.rows("SELECT * FROM events") == []


@pytest.mark.parametrize("other", [{"endpoint": "/v1/others"}, {"fingerprint": "g"}])
def test_another_request_may_not_use_the_key(other: dict[str, str]) -> None:
    calls.run(call(), work())
    with pytest.raises(KeyReused):
        calls.run(call(**other), work())


def test_a_key_is_forgotten_after_a_day() -> None:
    calls.run(call(), work("first"))
    age_keys()
    assert calls.run(call(), work("second")).body == b'{"answer":"second"}'
    age_keys()
    assert calls.forget_old_keys() == 1
    assert database.rows("SELECT * FROM idempotency_keys") == []


def age_keys() -> None:
    database.run("UPDATE idempotency_keys SET created_at = %s", (now() - timedelta(hours=25),))
