import time

import pytest

from store.loadtest.api import Response
from store.loadtest.smoke.steps import DeadlineApi, SmokeFailed, Steps, UnexpectedResponse, expect
from store.server.grpc.testing import free_port


def answer(status: int, **body: str) -> Response:
    return Response(status, body, {}, 0.0, 1)


def test_all_steps_share_one_span_of_time() -> None:
    api, began = DeadlineApi(seconds=0.3), time.monotonic()
    nobody = f"http://127.0.0.1:{free_port()}/"
    unanswered = pytest.raises(
        SmokeFailed, match=r'"users answer": nobody answered \(NewConnection'
    )
    with unanswered, Steps(api).step("users answer"):
        expect(api.call("GET", nobody))
    api.until = time.monotonic()
    late = pytest.raises(SmokeFailed, match='"orders answer": no time is left')
    with late, Steps(api).step("orders answer"):
        pass
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (answer(503, code="database_unavailable", detail="It is away."), "503 database_unavailable (It is away.)"),
        (answer(502), "502"),
        (answer(0, code="unanswered", detail="ReadTimeoutError"), "nobody answered (ReadTimeoutError)"),
    ],
)  # fmt: skip
def test_what_was_answered_instead_is_told(got: Response, message: str) -> None:
    with pytest.raises(UnexpectedResponse) as unexpected:
        expect(got, 201)
    assert str(unexpected.value) == message


def test_a_last_step_is_taken_after_a_failure_too_and_the_first_failure_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = Steps(DeadlineApi())
    taken: list[str] = []

    def fail() -> None:
        raise UnexpectedResponse("409 conflict")

    leaving = steps.afterwards("leaving", lambda: taken.append("left"))
    giving_back = steps.afterwards("giving back", fail)
    failed = pytest.raises(SmokeFailed, match='"buying": 404')
    with failed, leaving, giving_back, steps.step("buying"):
        raise UnexpectedResponse("404 gone")
    assert taken == ["left"]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == '--  the smoke test failed at "giving back": 409 conflict'
    assert said[1].startswith("ok  leaving (")


def test_a_last_step_that_fails_alone_fails_the_test() -> None:
    def fail() -> None:
        raise UnexpectedResponse("409 conflict")

    giving_back = Steps(DeadlineApi()).afterwards("giving back", fail)
    with pytest.raises(SmokeFailed, match='"giving back": 409 conflict'), giving_back:
        pass
