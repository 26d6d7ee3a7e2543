import logging
from uuid import UUID

import grpc
import pytest

from store.server.errors import Conflict, StoreError, Unauthenticated
from store.server.grpc.logs import _sane
from store.server.grpc.testing import call, failing, serving


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[object, ...]]:
    lines = [vars(record) for record in caplog.records if record.name == "store.access"]
    return [(line["method"], line["code"], line["duration_ms"] > 0) for line in lines]


def test_each_call_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "store.access"), serving(lambda _hi, _context: b"") as at:
        call(at)
    assert logged(caplog) == [("store.test.Echo/Say", "OK", True)]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Conflict("no"), grpc.StatusCode.FAILED_PRECONDITION),
        (ValueError(), grpc.StatusCode.INTERNAL),
    ],
)
def test_a_call_that_fails_says_how(
    error: Exception, code: grpc.StatusCode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "store.access")
    with serving(failing(error)) as at, pytest.raises(StoreError):
        call(at)
    assert logged(caplog) == [("store.test.Echo/Say", code.name, True)]


def test_who_is_not_let_in_writes_no_names_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "store.access")
    with serving(failing(Unauthenticated("Who?"))) as at, pytest.raises(StoreError):
        call(at)
    assert logged(caplog) == [("unmatched", "UNAUTHENTICATED", True)]


def test_only_ids_of_orders_are_taken_from_a_call() -> None:
    assert _sane(str(UUID(int=7))) == str(UUID(int=7))
    assert _sane("card 4242") == _sane("") == ""
