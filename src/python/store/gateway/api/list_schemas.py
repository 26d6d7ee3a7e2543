"""Which page of a list is asked for, and what is to be shown in full."""

from datetime import UTC, datetime

from store.gateway.api.parameters import Parameters, invalid
from store.gateway.models.lists import ListQuery, TimeBound

EXPANDABLE = frozenset({"latest_charge", "data.latest_charge"})


def read_expansion(given: Parameters) -> frozenset[str]:
    """What is to be shown in full instead of by its id."""
    names = frozenset(given.texts("expand"))
    for name in names - EXPANDABLE:
        raise invalid("expand", f"This property cannot be expanded ({name}).")
    return names


def read_refund_list(given: Parameters) -> ListQuery:
    return read_list(given, "payment_intent", "charge")


def read_event_list(given: Parameters) -> ListQuery:
    return read_list(given, "type")


def read_list(given: Parameters, *filters: str) -> ListQuery:
    """A page of a list; `filters` are the further parameters this list knows."""
    found = {name: given.text(name, most=255) for name in filters}
    return ListQuery(
        limit=given.whole("limit", most=100) or 10,
        starting_after=given.text("starting_after", most=255),
        ending_before=given.text("ending_before", most=255),
        created=_created(given),
        expand=read_expansion(given),
        filters={name: value for name, value in found.items() if value is not None},
    )


def _created(given: Parameters) -> tuple[TimeBound, ...]:
    if given.holds_text("created"):
        return (TimeBound("=", _moment(given.whole("created", least=0, most=2**33) or 0)),)
    nested = given.object("created")
    if nested is None:
        return ()
    operators = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    found = [(sign, nested.whole(name, least=0, most=2**33)) for name, sign in operators.items()]
    nested.refuse_the_rest()
    return tuple(TimeBound(sign, _moment(second)) for sign, second in found if second is not None)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
