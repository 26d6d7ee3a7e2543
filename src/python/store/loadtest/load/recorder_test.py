from typing import Any

from store.loadtest.load.recorder import Action, Recorder


def order(state: str, minute: int, *refunds: dict[str, Any]) -> dict[str, Any]:
    at = f"2026-01-01T00:{minute:02}:00+00:00"
    return {"id": "7", "state": state, "reason": None, "updated_at": at, "refunds": refunds}


def test_an_order_that_nobody_has_answered_for_is_a_promise_too() -> None:
    recorder = Recorder()
    recorder.promise("k", "passes kept")
    (promise,) = recorder.promises
    seen = (promise.key, promise.order_id, promise.seen_state, promise.intent)
    assert seen == ("k", "", "unanswered", "passes kept")


def test_news_that_arrives_late_does_not_replace_what_is_known_better() -> None:
    recorder = Recorder()
    recorder.promise("k", "passes cancelled_at_once")
    recorder.receive("k", order("cancelled", 2))
    recorder.receive("k", order("confirmed", 1))
    (promise,) = recorder.promises
    assert (promise.seen_state, promise.order_id) == ("cancelled", "7")


def test_only_refunds_that_have_succeeded_are_promised() -> None:
    recorder = Recorder()
    recorder.promise("k", "passes refunded_twice")
    given, waiting = {"amount": 40, "state": "succeeded"}, {"amount": 60, "state": "pending"}
    recorder.receive("k", order("confirmed", 1, given, waiting))
    assert recorder.promises[0].refunded == 40


def test_a_refused_order_is_told_with_its_code() -> None:
    recorder = Recorder()
    recorder.promise("k", "passes kept")
    recorder.refuse("k", "not_for_sale")
    assert (recorder.promises[0].seen_state, recorder.promises[0].reason) == (
        "refused",
        "not_for_sale",
    )


def test_actions_are_measured_with_what_was_repeated() -> None:
    recorder = Recorder()
    recorder.note(Action.PLACE, 0.2, "confirmed", attempts=3)
    recorder.note(Action.PLACE, 0.1, "rejected out_of_stock")
    measured = recorder.measured[Action.PLACE]
    recorder.note(Action.PLACE, 0.3, "confirmed")
    assert (list(measured.seconds), measured.retries) == ([0.2, 0.1], 2)
    assert recorder.outcomes(Action.PLACE) == {"confirmed": 2, "rejected out_of_stock": 1}


def test_late_starts_are_counted_and_the_latest_is_kept() -> None:
    recorder = Recorder()
    for late in (0.0, 0.05, 3.0, 0.2):
        recorder.start(late)
    assert (recorder.started, recorder.late, recorder.latest_start) == (4, 2, 3.0)
