"""Which page of a list is wanted, and what is to be shown in full."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from store.gateway.parameters import Parameters, invalid

EXPANDABLE = frozenset({"latest_charge", "data.latest_charge"})


class Bound(NamedTuple):
    """One end of a time range: an operator and a moment."""

    operator: str
    at: datetime


@dataclass(frozen=True)
class ListRequest:
    """A page of a list, newest first; `filters` are columns and what they must hold."""

    limit: int
    starting_after: str | None
    ending_before: str | None
    created: tuple[Bound, ...]
    expand: frozenset[str]
    filters: dict[str, str]


def read_expansion(given: Parameters) -> frozenset[str]:
    """What is wanted in full in the place of its id."""
    wanted = frozenset(given.texts("expand"))
    for name in wanted - EXPANDABLE:
        raise invalid("expand", f"This property cannot be expanded ({name}).")
    return wanted


def read_refund_list(given: Parameters) -> ListRequest:
    """A page of refunds."""
    return read_list(given, "payment_intent", "charge")


def read_event_list(given: Parameters) -> ListRequest:
    """A page of events."""
    return read_list(given, "type")


def read_list(given: Parameters, *filters: str) -> ListRequest:
    """A page of a list; `filters` are the further parameters this list knows."""
    found = {name: given.text(name, most=255) for name in filters}
    return ListRequest(
        limit=given.whole("limit", most=100) or 10,
        starting_after=given.text("starting_after", most=255),
        ending_before=given.text("ending_before", most=255),
        created=_created(given),
        expand=read_expansion(given),
        filters={name: value for name, value in found.items() if value is not None},
    )


def _created(given: Parameters) -> tuple[Bound, ...]:
    if given.holds_text("created"):
        return (Bound("=", _moment(given.whole("created", least=0, most=2**33) or 0)),)
    nested = given.object("created")
    if nested is None:
        return ()
    operators = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    found = [(sign, nested.whole(name, least=0, most=2**33)) for name, sign in operators.items()]
    nested.refuse_the_rest()
    return tuple(Bound(sign, _moment(second)) for sign, second in found if second is not None)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
