import threading
from http import HTTPStatus

import grpc
import pytest

from store.metrics.exposition import metrics_page
from store.server.errors import Conflict, Invalid, NotFound, Unavailable
from store.server.grpc.channel import OutcomeUnknown, RemoteError
from store.server.grpc.testing import ECHO, SAY, call, failing, serving


class NothingLeft(Conflict):
    code = "out_of_stock"


class Differs(Conflict):
    code = "differs"
    rpc_code = "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("error", "status", "code", "facts"),
    [
        (
            NothingLeft("1 left.", sku="MUG", left=1),
            409,
            "out_of_stock",
            {"sku": "MUG", "left": "1"},
        ),
        (Differs("Other lines."), 409, "differs", {}),
        (NotFound("No.", status="a", detail="b"), 404, "not_found", {"status": "a", "detail": "b"}),
        (
            Invalid("lines.0.sku", "Too long."),
            422,
            "invalid",
            {"errors": '[{"field":"lines.0.sku","reason":"Too long."}]'},
        ),
    ],
)
def test_a_definite_refusal_arrives_in_our_words(
    error: Exception, status: int, code: str, facts: dict[str, str]
) -> None:
    with serving(failing(error)) as address, pytest.raises(RemoteError) as caught:
        call(address)
    remote = caught.value
    assert (remote.status, remote.code, remote.facts) == (status, code, facts)
    assert remote.detail == str(error)
    assert remote.title == HTTPStatus(status).phrase


@pytest.mark.parametrize("error", [Unavailable("Too busy."), RuntimeError("password=hunter2")])
def test_what_is_no_refusal_leaves_the_outcome_open(error: Exception) -> None:
    with serving(failing(error)) as address, pytest.raises(OutcomeUnknown) as caught:
        call(address)
    assert caught.value.status == 503


def test_nobody_there_leaves_the_outcome_open() -> None:
    with pytest.raises(OutcomeUnknown):
        call("127.0.0.1:1")


def test_a_deadline_leaves_the_outcome_open() -> None:
    go = threading.Event()

    def say(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        go.wait(10)
        return b""

    with serving(say) as address:
        with pytest.raises(OutcomeUnknown):
            call(address, timeout=0.2)
        go.set()


def test_only_safe_methods_are_tried_again() -> None:
    tried: list[int] = []

    def say(_request: bytes, context_: grpc.ServicerContext) -> bytes:
        tried.append(1)
        if len(tried) < 3:
            context_.abort(grpc.StatusCode.UNAVAILABLE, "soon")
        return b"at last"

    with serving(say) as address:
        with pytest.raises(OutcomeUnknown):
            call(address)
        assert len(tried) == 1
        assert call(address, safe=[f"{ECHO}/Say"]) == b"at last"
    assert len(tried) == 3


def test_calls_are_measured_on_both_sides() -> None:
    with serving(failing(NothingLeft("Gone."))) as address, pytest.raises(RemoteError):
        call(address)
    page = metrics_page(None)[1].decode()
    answered = 'rpc_request_duration_seconds_count{code="FAILED_PRECONDITION",method="%s"}'
    assert answered % SAY.removeprefix("/") in page
    made = (
        'dependency_request_duration_seconds_count{dependency="echo",operation="Say",outcome="%s"}'
    )
    assert f"{made % 'refused'} 0.0" not in page
    assert f"{made % 'refused'} " in page
